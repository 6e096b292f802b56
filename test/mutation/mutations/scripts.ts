// Mistakes in the shell scripts, units and other files that are not TypeScript.
import { of, type Mutation } from "../mutation.ts";

export const scriptsMutations: readonly Mutation[] = [
  ...of(
    "agent/hosts/systemd/units/runner-docker.conf",
    "agent/systemd/docker-jobs",
    ["`docker run -v /tmp/x:/x` finds an empty folder", "PrivateTmp=no", ""],
    [
      "root-owned files of a container job fail the next checkout",
      "Environment=RUNPOOL_ASKS=/var/lib/runpool/runners/%i/asks",
      "",
    ],
  ),
  ...of("agent/runners/github/units/forge.sh", "agent/systemd/docker-jobs", [
    "a `container:` job has no Node to run its actions with",
    'ln -s /usr/lib/runpool/runner/externals "$1/externals"',
    'install -d "$1/externals"',
  ]),
  ...of("agent/hosts/systemd/units/runner-start.sh", "agent/root-words", [
    "a job hands LD_PRELOAD to a command of root",
    'LC_ALL=C grep -aE "^($names)=\\"([^\\"\\\\]|\\\\\\\\.)*\\"\\$" <<<"$handed" >"$environment.new" || [ $? = 1 ]',
    'cat <<<"$handed" >"$environment.new"',
  ]),
  ...of("agent/hosts/systemd/units/runpool-runner@.service", "agent/root-words", [
    "root's clean-up inherits the environment that a job wrote",
    "ExecStopPost=+/usr/bin/env -i PATH",
    "ExecStopPost=+/usr/bin/env PATH",
  ]),
  ...of(
    "agent/hosts/systemd/units/runpool-runner@.service",
    "agent/unit-lines",
    ["a job gains rights by a program with setuid", "NoNewPrivileges=yes\n", ""],
    ["a job reads the instance's credentials", "IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128", ""],
    ["processes that a job left outlive its runner", "KillMode=control-group", "KillMode=process"],
    ["a job reads other processes' command lines", "ProtectProc=invisible\n", ""],
  ),
  ...of(
    "agent/runners/github/units/job-started.sh",
    "agent/allowed-runs",
    ["run 7's job is let into run 70's machine", '*" ${GITHUB_RUN_ID:-none} "*) ;;', '*"${GITHUB_RUN_ID:-none}"*) ;;'],
    ["a stranger's steps with `if: always()` run", 'kill -KILL "$PPID"', ":"],
  ),
  ...of(
    "agent/hosts/systemd/units/take-requests.sh",
    "agent/root-scripts",
    ["a verb that nobody knows becomes a unit of root", "\\.[0-9]{1,9}$ ]]; then", "\\.[0-9]{1,9} ]]; then"],
    [
      "a folder in the spool is never taken away, and wakes the unit for ever",
      'rm -rf -- "./$name"',
      'rm -f -- "./$name"',
    ],
  ),
  ...of(
    "agent/hosts/systemd/units/request.sh",
    "agent/root-scripts",
    ["an answer that is awaited is deleted", "-mmin +60", "-mmin -60"],
    ["assignment 08 is no number", "number=$((10#${BASH_REMATCH[3]}))", "number=$((BASH_REMATCH[3]))"],
    ["what root could not do counts as done", 'answer "$code" "$words"', 'answer 0 "$words"'],
  ),
  ...of(
    "agent/hosts/systemd/units/enforce-deadline.sh",
    "agent/root-scripts",
    ["a machine is powered off before its deadline", '"$now" -lt "$at"', '"$now" -gt "$at"'],
    [
      "a deadline of an earlier boot powers the machine off",
      '[ "$boot" != "$(cat /proc/sys/kernel/random/boot_id)" ] || ',
      "",
    ],
    ["a machine whose agent never came up is paid for without end", '[ "$1" = must-exist ] || exit 0', "exit 0"],
  ),
  ...of(
    "agent/hosts/systemd/units/runner-freeze.sh",
    "agent/stop-if-idle",
    ["a runner that does not freeze stands half frozen", 'echo 0 >"$cgroup/cgroup.freeze"', ":"],
    ["the job of a listener that was frozen half is killed", "exit 75", "exit 0"],
  ),
  ...of("agent/hosts/systemd/units/runner-thaw.sh", "agent/stop-if-idle", [
    "a runner with a job stays frozen",
    'echo 0 >"$cgroup/cgroup.freeze"',
    ":",
  ]),
  ...of(
    "agent/hosts/systemd/units/runner-stop.sh",
    "agent/stop-if-idle",
    [
      "a runner that was thawed meanwhile, and may have a job, is killed",
      "if ! grep -q '^frozen 1'",
      "if ! grep -q '^frozen '",
    ],
    ["a stopped runner leaves processes that are not of its unit's main ones", 'echo 1 >"$cgroup/cgroup.kill"', ":"],
  ),
  ...of(
    "agent/hosts/systemd/units/runner-kill.sh",
    "agent/root-scripts",
    ["a runner that failed once is never started again", 'systemctl reset-failed "$unit" 2>/dev/null', ""],
    ["a runner that stands frozen takes ten seconds to be killed", '/usr/lib/runpool/runner-thaw.sh "$1"', ""],
  ),
  ...of(
    "agent/hosts/systemd/units/runpool-agent.service",
    "agent/unit-lines",
    ["an agent that dies is not started again", "Restart=always", "Restart=on-success"],
    ["the agent's files can be read by jobs", "UMask=0077\n", ""],
  ),
  ...of("agent/hosts/systemd/units/runpool-prepare.service", "agent/unit-limits", [
    "a pre-runner script that hangs holds its machine for ever",
    "TimeoutStartSec=8min\n",
    "",
  ]),
  ...of("agent/hosts/systemd/units/runpool-boot-watchdog.timer", "agent/unit-lines", [
    "no machine is ended whose first boot hangs",
    "WantedBy=sysinit.target",
    "WantedBy=never.target",
  ]),
  ...of("agent/hosts/systemd/units/runpool.nft", "agent/unit-lines", [
    "a container reads the instance's credentials",
    "type filter hook forward priority filter; policy accept;",
    "type filter hook input priority filter; policy accept;",
  ]),
  ...of("agent/hosts/systemd/units/runpool.tmpfiles", "agent/unit-lines", [
    "jobs may write requests to root",
    "d /run/runpool/requests 0700 runpool runpool -",
    "d /run/runpool/requests 0777 runpool runpool -",
  ]),
  ...of("agent/hosts/systemd/units/runpool-needrestart.conf", "agent/root-words", [
    "an upgrade restarts the runner's unit under a job",
    "$nrconf{override_rc}{qr(^runpool-)} = 0;",
    "",
  ]),
  ...of(
    "ami/install/fetch.sh",
    "ami/fetch",
    [
      "a download with another checksum is installed",
      'if ! echo "$sha256  $2" | sha256sum --check --status; then',
      'if ! echo "$sha256  $2" >/dev/null; then',
    ],
    ["what has no checksum is installed", "=~ ^[0-9a-f]{64}$ ]]", "=~ ^[0-9a-f]* ]]"],
    ["a redirect to plain HTTP is followed", " --proto '=https'", ""],
  ),
  ...of("userdata/boot-hook.sh", "stacks/first-boot", [
    "a first boot that hangs is powered off an hour late",
    "--on-active=900s",
    "--on-active=9000s",
  ]),
  ...of(
    "userdata/first-boot.sh",
    "stacks/first-boot",
    ["an archive with another checksum is installed as root", "| sha256sum --check --status", ">/dev/null"],
    ["a first boot that failed goes on being paid for", "trap finish EXIT", "trap - EXIT"],
  ),
];
