// Scenario: the contracts of runner and sandbox on systemd. GitHub's runner comes first; then a toy forge takes its place: its drop-in, its part of
// root's scripts, its programs.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { layToyDistribution, toldVariable } from "../../contract/sandbox-contract.ts";
import type { Scenario } from "./scenarios.ts";
import { installUnits, run } from "./stage.ts";

const lib = "/usr/lib/runpool";
const place = "/var/lib/runpool/runners/%i/runner";
const dropIn = `[Service]
ExecStart=/usr/bin/env ${place}/bin/toy-listener
BindReadOnlyPaths=${lib}/runner/bin:${place}/bin
`;
const part = `#!/bin/bash\nnames='${toldVariable}'\nlay_program() { install -d "$1/bin"; }\n`;

/** What jobs wait for. */
const gates = "/opt/gates";
/** Where the agent's user can read this project, whatever the rights of the folders above it. */
const project = "/opt/project";

const show = async (key: string): Promise<string> =>
  (await run("systemctl", "show", "-P", key, "runpool-agent.service")).trim();
const ofAgent = ["-o", "runpool", "-g", "runpool", "-m", "0700"];

/** The agent's folders as its unit makes them, with what is mounted in two of them. */
async function layFolders(): Promise<void> {
  for (const folder of (await show("StateDirectory")).split(" "))
    await run("install", "-d", ...ofAgent, `/var/lib/${folder}`);
  for (const [, from = "", to = ""] of (await show("BindReadOnlyPaths")).matchAll(/(\/[^:\s]*):(\/[^:\s]*)/g)) {
    await mkdir(to);
    await run("mount", "--bind", from, to);
  }
  await run("install", "-d", "-o", "runpool", gates);
  await mkdir(project);
  await run("mount", "--bind", resolve(import.meta.dirname, "../../.."), project);
}

async function playAsAgent(contract: "runner" | "sandbox"): Promise<unknown> {
  const user = ["--reuid", "runpool", "--regid", "runpool", "--clear-groups", "--"];
  const program = `${project}/test/agent/systemd/contracts-as-agent.ts`;
  const variables = (await show("Environment")).split(" ");
  return JSON.parse(await run("setpriv", ...user, "env", ...variables, `${lib}/node`, program, contract, gates));
}

export const contracts: Scenario = async () => {
  await installUnits({});
  await layFolders();
  const runner = await playAsAgent("runner");
  await rm(`${lib}/runner`, { recursive: true });
  layToyDistribution(`${lib}/runner`);
  await writeFile(`${lib}/forge.sh`, part);
  await writeFile("/usr/lib/systemd/system/runpool-runner@.service.d/forge.conf", dropIn);
  await run("systemctl", "daemon-reload");
  const sandbox = await playAsAgent("sandbox");
  const roots = await readdir("/var/lib/runpool/runners");
  return { runner, sandbox, left: roots.filter((name) => !name.startsWith("gone-")) };
};
