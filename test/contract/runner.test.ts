// The runner's contract: GitHub's half on plain processes and the stand-in of GitHub's runner, and the in-process world's.
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Assigned } from "../../cloud/ports/runner.ts";
import { registrationTokenParameter, removalTokenParameter, runnerName } from "../../domain/names.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { catalogue } from "../../sim/ec2/catalogue.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentPorts } from "../world/agent-world.ts";
import { noFaults } from "../world/faults.ts";
import { startProcess } from "../world/process.ts";
import { environment, repositories, worldOf } from "../world/world.ts";
import { openHostBench, type HostBench, type Machine } from "../agent/host-bench.ts";
import { repo } from "../sim/runner-bench.ts";
import { runnerCases, type RunnerStand } from "./runner-contract.ts";

let played = 0;

describe("GitHub's runner on plain processes", () => {
  let bench: HostBench;
  beforeAll(async () => {
    bench = await openHostBench({ disconnectMs: 400 });
  });
  afterAll(() => bench.close());

  const standOn = (machine: Machine): RunnerStand => {
    const nameOf = (n: number) => `test-i-${9000 + n}-${n}`;
    return {
      runner: {
        ...machine.runner,
        clean: (n) => bench.token("remove").then((token) => machine.runner.clean(n, token)),
      },
      again: () => machine.afterCrash().runner,
      record: async (n): Promise<Assigned> => {
        machine.given(await bench.request(n, 9000 + n));
        return { assignment: n, partition: "github:octo/app" };
      },
      job: (n) => {
        const runId = 9000 + n;
        const gate = join(machine.folder, `gate-${n}`);
        const of = (event: { job?: { run: { runId: number } } }) => event.job?.run.runId === runId;
        const begun = bench.github.happened("job.started", of);
        const over = bench.github.happened("job.completed", of);
        const script = `while [ ! -e ${gate} ]; do sleep 0.02; done`;
        bench.github.queueRun({ ...repo, runId, jobs: [{ name: "build", labels: [String(runId)], script }] });
        return {
          begun,
          end: async () => {
            writeFileSync(gate, "");
            return (await over).job?.conclusion ?? "none";
          },
        };
      },
      known: (n) => bench.github.runners().some(({ name }) => name === nameOf(n)),
      pause: () => hostClock.sleep(50),
    };
  };
  test.each(runnerCases)("$name", ({ play }) => play(standOn(bench.machine()), ++played));
});

describe("the in-process world's runner", () => {
  const scope = repositories[0];
  const partition = `github:${scope}`;

  const open = () => {
    const world = worldOf({ seed: "runner contract", rates: noFaults, runAgent: () => new Promise(() => {}) });
    // Its checkers are about whole systems; a contract has a runner without any record.
    Object.assign(world.checks, { registers: () => {}, jobStarted: () => {}, jobKilled: () => {} });
    const { time, forge, vault } = world;
    for (const [parameter, kind] of [
      [registrationTokenParameter(environment, partition), "registration"],
      [removalTokenParameter(environment, partition), "removal"],
    ] as const)
      vault.set(parameter, { value: forge.issue(scope, kind).token, writtenAt: time.now() });
    const type = catalogue.find(({ name }) => name === "m5.large");
    if (type === undefined) throw new Error("no m5.large in the catalogue");
    const machine = world.machines.launch({ type, zone: "eu-west-1a", usageClass: "on-demand", tags: {} });
    const process = startProcess(world.around, { name: "contract", chance: world.chance.fork("contract") });
    const ports = () => agentPorts(world, machine, process).runner;
    const where = { environment, account: "000000000000", region: "eu-west-1" };
    const nameOf = (n: number) => runnerName(where, machine.instanceId, n);
    const stand: RunnerStand = {
      runner: ports(),
      again: ports,
      record: async (assignment) => ({
        assignment,
        partition,
        registration: [{ forge: "github", scope, labels: [`label-${assignment}`], kind: "token" }],
      }),
      job: (n) => {
        const labels = [`label-${n}`];
        const job = forge.queue({ scope, runId: String(n), attempt: 1, labels, durationMs: 60_000 });
        const reached = async (...states: readonly string[]) => {
          while (!states.includes(job.state)) await process.clock.sleep(100);
        };
        return {
          begun: reached("running"),
          end: async () => {
            await reached("done", "lost", "cancelled");
            return job.state === "done" ? "success" : job.state;
          },
        };
      },
      known: (n) => [...forge.runners.values()].some(({ name }) => name === nameOf(n)),
      pause: () => process.clock.sleep(1_000),
    };
    return { world, machine, stand };
  };
  test.each(runnerCases)("$name", async ({ play }) => {
    const { world, machine, stand } = open();
    await world.time.run(world.time.now() + 120_000);
    machine.state = "running";
    await world.time.settle(play(stand, ++played));
  });
});
