// Mistakes in the shell scripts, units and other files that are not TypeScript.
import { of, type Mutation } from "../mutation.ts";

export const scriptsMutations: readonly Mutation[] = [
  ...of(
    "agent/units/runner-docker.conf",
    ["`docker run -v /tmp/x:/x` finds an empty folder", "PrivateTmp=no", "", "agent/systemd/docker-jobs"],
    [
      "root-owned files of a container job fail the next checkout",
      "Environment=RUNPOOL_ASKS=/var/lib/runpool/runners/%i/asks",
      "",
      "agent/systemd/docker-jobs",
    ],
  ),
  ...of("agent/units/runner-lay.sh", [
    "a `container:` job has no Node to run its actions with",
    'ln -s /usr/lib/runpool/runner/externals "$root/runner/externals"',
    'install -d "$root/runner/externals"',
    "agent/systemd/docker-jobs",
  ]),
  ...of("agent/units/runner-start.sh", [
    "a job hands LD_PRELOAD to a command of root",
    'LC_ALL=C grep -aE "^($names)=\\"([^\\"\\\\]|\\\\\\\\.)*\\"\\$" <<<"$handed" >"$environment.new" || [ $? = 1 ]',
    'cat <<<"$handed" >"$environment.new"',
    "agent/root-words",
  ]),
  ...of("agent/units/runpool-runner@.service", [
    "root's clean-up inherits the environment that a job wrote",
    "ExecStopPost=+/usr/bin/env -i PATH",
    "ExecStopPost=+/usr/bin/env PATH",
    "agent/root-words",
  ]),
];
