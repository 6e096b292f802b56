// The runner ends with 3 to be replaced by a newer one: the agent waits for the update, and the new one serves under the same registration.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostLimits } from "../../agent/machine/host-limits.ts";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import { runnerLimits } from "../../agent/runners/github/runner-limits.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { manualClock } from "../sim/manual-clock.ts";
import { repo } from "../sim/runner-bench.ts";
import { openHostBench, type HostBench } from "./host-bench.ts";

let bench: HostBench;
beforeAll(async () => {
  bench = await openHostBench({ disconnectMs: 400, dispatchMs: 1_500, pollMs: 200 });
});
afterAll(() => bench.close());

async function conclusionOf(runId: number, label: number): Promise<string | undefined> {
  bench.github.queueRun({ ...repo, runId, jobs: [{ name: "build", labels: [String(label)], script: "true" }] });
  const { job } = await bench.github.happened("job.completed", (event) => event.job?.run.runId === runId);
  return job?.conclusion;
}

test("an update between two jobs is survived: it ends with 3, is resumed as the new version, and takes the next job", async () => {
  const old = "2.330.0";
  const { latestRunner } = bench.github.settings;
  const { runner, folder, until, events } = bench.machine({ version: old });
  const request = await bench.request(1, 601);
  expect(await runner.register(request)).toEqual({ kind: "registered" });
  expect((await runner.state()).version).toBe(old);
  const known = bench.github.runners().find(({ name }) => name === request.name);
  if (known === undefined) throw new Error("not registered");
  expect(await conclusionOf(601, 601)).toBe("success");
  // It was told not to update by itself; GitHub may come to see that otherwise.
  known.disableUpdate = false;
  expect(await until(({ listener }) => listener === "exited")).toMatchObject({ exitCode: 3, configured: true });
  const finished = join(folder, "roots/1/runner/update.finished");
  expect(existsSync(finished)).toBe(true);
  expect(await runner.start(1)).toEqual({ kind: "registered" });
  expect(await runner.state()).toMatchObject({ listener: "online", version: latestRunner.version, jobs: 1 });
  // Left there, it would end the wait for the next update before that has begun.
  expect(existsSync(finished)).toBe(false);
  expect(await conclusionOf(602, 601)).toBe("success");
  expect(events.filter(({ name }) => name === "runner.configured")).toHaveLength(1);
  expect(events.find(({ name }) => name === "runner.exited")?.facts).toMatchObject({ code: 3 });
});

test("an update that takes its time is waited for, as long as run-helper.sh would", async () => {
  const folder = mkdtempSync(join(tmpdir(), "runner-update-"));
  try {
    mkdirSync(join(folder, "roots/1/runner"), { recursive: true });
    const clock = manualClock();
    const ground = processSandbox({
      program: githubProgram(folder, ""),
      rootsDirectory: join(folder, "roots"),
      path: "",
      clock,
      log: { event: () => undefined },
      onChange: () => undefined,
    });
    /** How long it was waited for, where the update is finished after `ms`. */
    const waited = async (ms: number): Promise<number> => {
      const begun = clock.now();
      const { updateMs } = runnerLimits;
      const seen = { over: false, written: false };
      const wait = ground.awaitFile(1, "update.finished", updateMs).then(() => (seen.over = true));
      while (!seen.over) {
        if (!seen.written && clock.now() - begun >= ms) {
          writeFileSync(join(folder, "roots/1/runner/update.finished"), "");
          seen.written = true;
        }
        if (clock.sleepers() > 0) await clock.advance(hostLimits.startPollMs);
        await new Promise((done) => setImmediate(done));
      }
      await wait;
      return clock.now() - begun;
    };
    const took = await waited(5_000);
    expect(took).toBeGreaterThanOrEqual(5_000);
    expect(took).toBeLessThanOrEqual(5_000 + 2 * hostLimits.startPollMs);
    // The first one's file is gone: this one never ends by itself.
    expect(await waited(Number.POSITIVE_INFINITY)).toBe(runnerLimits.updateMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
