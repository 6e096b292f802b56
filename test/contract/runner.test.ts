// The runner's contract: GitHub's half on plain processes, and the in-process world's. On systemd: test/agent/systemd/contracts.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, test } from "vitest";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { registrationTokenParameter, removalTokenParameter, runnerName } from "../../domain/names.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { catalogue } from "../../sim/ec2/catalogue.ts";
import { agentPorts } from "../world/agent-world.ts";
import { noFaults } from "../world/faults.ts";
import { startProcess } from "../world/process.ts";
import { environment, repositories, worldOf } from "../world/world.ts";
import { openBench, type Bench } from "../sim/runner-bench.ts";
import { githubStand } from "./github-stand.ts";
import { runnerCases, type RunnerStand } from "./runner-contract.ts";

let played = 0;

describe("GitHub's runner on plain processes", () => {
  const folder = mkdtempSync(join(tmpdir(), "runner-contract-"));
  let stand: RunnerStand;
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ disconnectMs: 400 });
    const path = process.env["PATH"] ?? "";
    const options = { rootsDirectory: join(folder, "roots"), path, clock: hostClock, onChange: () => undefined };
    const program = githubProgram(bench.folder(), path);
    stand = githubStand({
      bench,
      openSandbox: () => processSandbox({ ...options, program, log: { event: () => undefined } }),
      stateDirectory: join(folder, "state"),
      hooksDirectory: join(import.meta.dirname, "../../agent/runners/github/units"),
      gates: folder,
    });
  });
  afterEach(async () => {
    await stand.runner.kill();
    await stand.runner.clean(played);
  });
  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  test.each(runnerCases)("$name", ({ play }) => play(stand, ++played));
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
