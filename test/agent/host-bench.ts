// What the tests of the agent's hands share: a GitHub stand-in, a machine's folders, and a runner on plain processes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { EnrolOutcome, RunnerState } from "../../cloud/ports/runner.ts";
import type { RegisterRequest } from "../../agent/runners/github/enrolment.ts";
import { githubRunner, type GithubRunner } from "../../agent/runners/github/github-runner.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { killAll } from "../../agent/hosts/process/process-set.ts";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { openBench, type Bench } from "../sim/runner-bench.ts";

export interface Event {
  readonly name: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** With what it registers, and removes a registration, given by the test. */
interface TestRunner extends Omit<GithubRunner, "clean"> {
  register(request: RegisterRequest): Promise<EnrolOutcome>;
  clean(assignment: number, removalToken?: string): Promise<void>;
}

export interface Machine {
  readonly runner: TestRunner;
  readonly folder: string;
  /** What the next registration is by. */
  readonly given: (request: RegisterRequest) => void;
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
interface Given {
  request?: RegisterRequest;
  removalToken?: string | undefined;
}
export interface MachineOptions {
  readonly version?: string;
}

const hooksDirectory = resolve(import.meta.dirname, "../../agent/runners/github/units");

export async function openHostBench(...settings: Parameters<typeof openBench>): Promise<HostBench> {
  const bench = await openBench(...settings);
  const folders: string[] = [];
  const open = (folder: string, distribution: string, given: Given): Machine => {
    const events: Event[] = [];
    const waiting = new Set<() => void>();
    const log: Log = { event: (name, facts) => void events.push({ name, facts: { ...facts } }) };
    const path = process.env["PATH"] ?? "";
    const sandbox = processSandbox({
      program: githubProgram(distribution, path),
      rootsDirectory: join(folder, "roots"),
      path,
      clock: hostClock,
      log,
      onChange: () => {
        for (const look of waiting) look();
      },
    });
    const github = githubRunner(sandbox, {
      enrolment: {
        requestOf: async () => given.request ?? { kind: "failed", cause: "token", detail: "no request" },
        removalToken: async () => given.removalToken,
      },
      stateDirectory: join(folder, "state"),
      bootId: "boot-1",
      hooksDirectory,
      clock: hostClock,
      log,
    });
    const runner: TestRunner = {
      ...github,
      register: (request) => {
        given.request = request;
        return github.enrol({ assignment: request.assignment, partition: request.partition });
      },
      clean: (assignment, removalToken) => {
        given.removalToken = removalToken;
        return github.clean(assignment);
      },
    };
    const until: Machine["until"] = async (fits) => {
      for (;;) {
        const changed = new Promise<void>((done) => waiting.add(done));
        const state = await runner.state();
        if (fits(state)) return state;
        await changed;
      }
    };
    return {
      runner,
      folder,
      given: (request) => void (given.request = request),
      events,
      until,
      afterCrash: () => open(folder, distribution, given),
    };
  };
  return {
    ...bench,
    machine: ({ version } = {}) => {
      const folder = mkdtempSync(join(tmpdir(), "host-bench-"));
      folders.push(folder);
      return open(folder, bench.folder(version === undefined ? {} : { version }), {});
    },
    request: async (assignment, runId, more) => ({
      assignment,
      name: `test-i-${runId}-${assignment}`,
      partition: "github:octo/app",
      url: bench.url,
      labels: [String(runId), "large"],
      kind: "token",
      secret: await bench.token(),
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
