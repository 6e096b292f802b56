// The contract of `Runner`, as cases that any program can play: a guest with a real systemd has no test runner.
import { strict as assert } from "node:assert";
import type { Assigned, Runner, RunnerState } from "../../cloud/ports/runner.ts";

export interface RunnerJob {
  /** Resolves when it runs on a runner. */
  readonly begun: Promise<unknown>;
  /** Lets it end; gives how it ended. */
  end(): Promise<string>;
}

export interface RunnerStand {
  readonly runner: Runner;
  /** The same machine, as an agent finds it that is started anew. */
  readonly again: () => Runner;
  /** A record that may register, with all that it needs in its place. */
  record(assignment: number): Promise<Assigned>;
  /** Queues a job for runners of that assignment; it runs until it is let go. */
  job(assignment: number): RunnerJob;
  /** Whether the forge has the runner of that assignment. */
  known(assignment: number): boolean;
  pause(): Promise<void>;
}
export interface RunnerCase {
  readonly name: string;
  readonly play: (stand: RunnerStand, assignment: number) => Promise<void>;
}

async function until(what: string, stand: RunnerStand, found: () => Promise<boolean> | boolean): Promise<void> {
  for (let look = 0; !(await found()); look++) {
    if (look > 600) assert.fail(`it does not happen: ${what}`);
    await stand.pause();
  }
}
const is = (what: string, stand: RunnerStand, fits: (state: RunnerState) => boolean): Promise<void> =>
  until(what, stand, async () => fits(await stand.runner.state()));
const enrolled = async (stand: RunnerStand, n: number): Promise<void> => {
  assert.deepEqual(await stand.runner.enrol(await stand.record(n)), { kind: "registered" });
};
/** As the agent does it: asked again while a job may be running. */
const stopped = (stand: RunnerStand, way: "drain" | "stopIfIdle"): Promise<void> =>
  until("it stops", stand, async () => (await stand.runner[way]()) === "stopped");
const cleaned = async (stand: RunnerStand, n: number): Promise<void> => {
  await stopped(stand, "stopIfIdle");
  await stand.runner.clean(n);
  assert.equal((await stand.runner.state()).assignment, undefined);
};

const stopsWhenIdle = (way: "drain" | "stopIfIdle"): RunnerCase => ({
  name: `${way} never cuts a started job; once that is over the runner stops, and takes no other`,
  play: async (stand, n) => {
    await enrolled(stand, n);
    const job = stand.job(n);
    await job.begun;
    await is("busy", stand, ({ busy }) => busy);
    assert.equal(await stand.runner[way](), "busy");
    assert.equal((await stand.runner.state()).busy, true);
    assert.equal(await job.end(), "success");
    await stopped(stand, way);
    const state = await stand.runner.state();
    assert.deepEqual([state.assignment, state.busy, state.listener === "online"], [n, false, false]);
    // Whatever has been done already may be asked for again.
    assert.equal(await stand.runner[way](), "stopped");
    await cleaned(stand, n);
  },
});

export const runnerCases: readonly RunnerCase[] = [
  {
    name: "where nothing was enrolled there is nothing, and ending that is harmless",
    play: async ({ runner }, n) => {
      const { assignment, configured, listener, busy } = await runner.state();
      assert.deepEqual([assignment, configured, listener, busy], [undefined, false, "none", false]);
      assert.deepEqual([await runner.stopIfIdle(), await runner.drain()], ["stopped", "stopped"]);
      await runner.kill();
      await runner.clean(n);
    },
  },
  {
    name: "enrolled, it listens, and the forge knows it; asked again it is still the same; cleaned, the forge forgets it",
    play: async (stand, n) => {
      await enrolled(stand, n);
      const state = await stand.runner.state();
      assert.deepEqual([state.assignment, state.configured, state.listener, state.busy], [n, true, "online", false]);
      assert.equal(stand.known(n), true);
      await enrolled(stand, n);
      await cleaned(stand, n);
      await until("the forge forgets it", stand, () => !stand.known(n));
    },
  },
  {
    name: "a job is served and counted, also across a clean",
    play: async (stand, n) => {
      const before = (await stand.runner.state()).jobs;
      await enrolled(stand, n);
      const job = stand.job(n);
      await job.begun;
      assert.equal(await job.end(), "success");
      await is("idle again", stand, ({ busy, jobs }) => !busy && jobs === before + 1);
      await cleaned(stand, n);
      assert.equal((await stand.runner.state()).jobs, before + 1);
    },
  },
  stopsWhenIdle("stopIfIdle"),
  stopsWhenIdle("drain"),
  {
    name: "stopped, it can be started again under the same registration, and serves",
    play: async (stand, n) => {
      await enrolled(stand, n);
      await stopped(stand, "stopIfIdle");
      assert.deepEqual(await stand.runner.start(n), { kind: "registered" });
      const job = stand.job(n);
      await job.begun;
      assert.equal(await job.end(), "success");
      await cleaned(stand, n);
    },
  },
  {
    name: "it outlives its agent with its job, and the next agent finds it",
    play: async (stand, n) => {
      await enrolled(stand, n);
      const job = stand.job(n);
      await job.begun;
      const later = stand.again();
      await until("busy", stand, async () => (await later.state()).busy);
      const state = await later.state();
      assert.deepEqual([state.assignment, state.configured, state.listener], [n, true, "online"]);
      assert.deepEqual(await later.enrol(await stand.record(n)), { kind: "registered" });
      assert.equal(await later.drain(), "busy");
      assert.equal(await job.end(), "success");
      await cleaned(stand, n);
    },
  },
  {
    name: "while the runner of one assignment is here, that of another is not enrolled",
    play: async (stand, n) => {
      await enrolled(stand, n);
      assert.equal((await stand.runner.enrol(await stand.record(n + 500))).kind, "failed");
      assert.equal((await stand.runner.state()).assignment, n);
      await cleaned(stand, n);
    },
  },
];
