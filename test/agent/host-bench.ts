// What the tests of the agent's hands share: a GitHub stand-in, a machine's folders, and a runner on plain processes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { RegisterRequest, RunnerState } from "../../cloud/ports/runner.ts";
import { killAll } from "../../agent/hosts/process/process-set.ts";
import { processRunner, type ProcessRunner } from "../../agent/hosts/process/process-runner.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { openBench, type Bench } from "../sim/runner-bench.ts";

export interface Event {
  readonly name: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface Machine {
  readonly runner: ProcessRunner;
  readonly folder: string;
  readonly events: readonly Event[];
  /** The state, as soon as it is as asked for; looked at whenever the runner tells of a change. */
  readonly until: (fits: (state: RunnerState) => boolean) => Promise<RunnerState>;
  /** The same machine after its agent was killed and started anew: nothing but the disk and the processes is left. */
  afterCrash(): Machine;
}

export interface HostBench extends Bench {
  machine(options?: MachineOptions): Machine;
  /** A registration request under the run's id as label, with a fresh token. */
  request(assignment: number, runId: number, more?: Partial<RegisterRequest>): Promise<RegisterRequest>;
}
export interface MachineOptions {
  readonly version?: string;
  readonly hooks?: { readonly started?: string; readonly completed?: string };
}

const hooksDirectory = resolve(import.meta.dirname, "../../agent/hosts/systemd/units");

export async function openHostBench(...settings: Parameters<typeof openBench>): Promise<HostBench> {
  const bench = await openBench(...settings);
  const folders: string[] = [];
  const open = (folder: string, distribution: string, hooks: MachineOptions["hooks"]): Machine => {
    const events: Event[] = [];
    const waiting = new Set<() => void>();
    const log: Log = { event: (name, facts) => void events.push({ name, facts: { ...facts } }) };
    const runner = processRunner({
      distribution,
      rootsDirectory: join(folder, "roots"),
      stateDirectory: join(folder, "state"),
      bootId: "boot-1",
      path: process.env["PATH"] ?? "",
      hooks: { directory: hooksDirectory, ...hooks },
      clock: hostClock,
      log,
      onChange: () => {
        for (const look of waiting) look();
      },
    });
    const until: Machine["until"] = async (fits) => {
      for (;;) {
        const changed = new Promise<void>((done) => waiting.add(done));
        const state = await runner.state();
        if (fits(state)) return state;
        await changed;
      }
    };
    return { runner, folder, events, until, afterCrash: () => open(folder, distribution, hooks) };
  };
  return {
    ...bench,
    machine: ({ version, hooks } = {}) => {
      const folder = mkdtempSync(join(tmpdir(), "host-bench-"));
      folders.push(folder);
      return open(folder, bench.folder(version === undefined ? {} : { version }), hooks);
    },
    request: async (assignment, runId, more) => ({
      assignment,
      name: `test-i-${runId}-${assignment}`,
      url: bench.url,
      registration: { forge: "github", scope: "octo/app", labels: [String(runId), "large"], kind: "token" },
      token: await bench.token(),
      ...more,
    }),
    close: async () => {
      for (const folder of folders)
        for (const assignment of [1, 2, 3]) await killAll(join(folder, "roots", String(assignment)), hostClock);
      await bench.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
