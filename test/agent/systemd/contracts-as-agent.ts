// Runs in the guest as the agent's user, with the variables of the agent's unit: plays one of the contracts, and writes each case's outcome as JSON.
import { findCgroupTree, unitSandbox } from "../../../agent/hosts/systemd/unit-sandbox.ts";
import { rootFolders, rootRequests } from "../../../agent/hosts/systemd/root-requests.ts";
import { hostClock } from "../../../entry/host-clock.ts";
import { hostRandom } from "../../../entry/host-random.ts";
import { githubStand } from "../../contract/github-stand.ts";
import { runnerCases } from "../../contract/runner-contract.ts";
import { sandboxCases } from "../../contract/sandbox-contract.ts";
import { openBench } from "../../sim/runner-bench.ts";

const [contract, gates = ""] = process.argv.slice(2);
const variable = (name: string): string => process.env[`RUNPOOL_${name}`] ?? "";
const cgroupTree = await findCgroupTree();
const openSandbox = () =>
  unitSandbox({
    distribution: variable("RUNNER"),
    stateDirectory: variable("STATE"),
    rootsDirectory: variable("WORK"),
    cgroupTree,
    path: process.env["PATH"] ?? "",
    requests: rootRequests({ ...rootFolders, clock: hostClock, random: hostRandom }),
    clock: hostClock,
    onChange: () => undefined,
  });

async function play<Stand>(
  cases: readonly { readonly name: string; readonly play: (stand: Stand, assignment: number) => Promise<void> }[],
  stand: Stand,
  first: number,
  clean: (assignment: number) => Promise<void>,
): Promise<void> {
  const found: Record<string, string> = {};
  for (const [index, { name, play }] of cases.entries()) {
    found[name] = await play(stand, first + index).then(
      () => "passed",
      (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    await clean(first + index).catch(() => undefined);
  }
  process.stdout.write(JSON.stringify(found));
}

if (contract === "sandbox") {
  const sandbox = openSandbox();
  await play(sandboxCases, { sandbox, again: openSandbox }, 101, (n) => sandbox.destroy(n));
} else {
  const bench = await openBench({ disconnectMs: 400 });
  const folders = { stateDirectory: variable("STATE"), hooksDirectory: variable("HOOKS"), gates };
  const stand = githubStand({ bench, openSandbox, ...folders });
  await play(runnerCases, stand, 1, async (n) => {
    await stand.runner.kill();
    await stand.runner.clean(n);
  });
}
process.exit(0);
