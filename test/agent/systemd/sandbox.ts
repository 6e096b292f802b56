// Scenario: the sandbox's contract on systemd, with a toy forge in GitHub's place: its drop-in, its part of root's scripts, its programs.
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findCgroupTree, unitSandbox } from "../../../agent/hosts/systemd/unit-sandbox.ts";
import { rootFolders, rootRequests } from "../../../agent/hosts/systemd/root-requests.ts";
import { hostClock } from "../../../entry/host-clock.ts";
import { hostRandom } from "../../../entry/host-random.ts";
import { layToyDistribution, playSandboxCases, toldVariable } from "../../contract/sandbox-contract.ts";
import type { Scenario } from "./scenarios.ts";
import { installUnits, run } from "./stage.ts";

const lib = "/usr/lib/runpool";
const place = "/var/lib/runpool/runners/%i/runner";
const dropIn = `[Service]
ExecStart=/usr/bin/env ${place}/bin/toy-listener
BindReadOnlyPaths=${lib}/runner/bin:${place}/bin
`;
const part = `#!/bin/bash\nnames='${toldVariable}'\nlay_program() { install -d "$1/bin"; }\n`;

export const sandboxContract: Scenario = async () => {
  await installUnits({});
  await rm(`${lib}/runner`, { recursive: true });
  layToyDistribution(`${lib}/runner`);
  await writeFile(`${lib}/forge.sh`, part);
  await writeFile("/usr/lib/systemd/system/runpool-runner@.service.d/forge.conf", dropIn);
  await run("systemctl", "daemon-reload");
  await run("systemctl", "start", "runpool-request.path");
  const clock = hostClock;
  const stateDirectory = "/var/lib/runpool/agent";
  await run("install", "-d", "-o", "runpool", "-g", "runpool", "-m", "0700", stateDirectory);
  for (const desk of ["register", "remove"])
    await run("install", "-d", "-o", "runpool", "-g", "runpool", "-m", "0700", join(stateDirectory, desk));
  const requests = rootRequests({ ...rootFolders, clock, random: hostRandom });
  const cgroupTree = await findCgroupTree();
  const open = () =>
    unitSandbox({
      distribution: `${lib}/runner`,
      stateDirectory,
      rootsDirectory: "/var/lib/runpool/runners",
      cgroupTree,
      path: process.env["PATH"] ?? "",
      requests,
      clock,
      onChange: () => undefined,
    });
  const sandbox = open();
  // As the agent's user, whose files root's scripts read; this process goes on as root afterwards.
  const [uid, gid] = [Number(await run("id", "-u", "runpool")), Number(await run("id", "-g", "runpool"))];
  process.setegid?.(gid);
  process.seteuid?.(uid);
  const cases = await playSandboxCases({ sandbox, again: open }).finally(() => {
    process.seteuid?.(0);
    process.setegid?.(0);
  });
  return { cases, left: (await readdir("/var/lib/runpool/runners")).filter((name) => !name.startsWith("gone-")) };
};
