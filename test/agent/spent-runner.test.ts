// A runner that is good for one job, by what its listener leaves behind: told apart from one that may be started again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { RegisterRequest } from "../../cloud/ports/runner.ts";
import { hostLimits } from "../../agent/hosts/host-limits.ts";
import { startMark } from "../../agent/runners/github/listener-log.ts";
import type { RunnerGround, RunnerSeen } from "../../agent/hosts/runner-ground.ts";
import { runnerProcess } from "../../agent/runners/github/runner-process.ts";
import { manualClock } from "../sim/manual-clock.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const job = "2026-01-05 12:00:01Z: Running job: build\n";
const up = `${startMark}\n2026-01-05 12:00:00Z: Listening for Jobs\n`;

/** A runner whose listener is always found like this; `started`: how often it was started. */
function runnerThat(given: Partial<RunnerSeen>) {
  const clock = manualClock();
  const seen: { -readonly [Name in keyof RunnerSeen]?: RunnerSeen[Name] } = { ...given };
  const started: number[] = [];
  const ground: RunnerGround = {
    lay: async () => undefined,
    configure: async () => ({ code: 0, timedOut: false, lastLines: [] }),
    start: async (assignment) => void started.push(assignment),
    updated: async () => undefined,
    look: async () => ({ listener: "exited", exitCode: 0, busy: false, log: "", jobs: "", ...seen }),
    stopIfIdle: async () => "stopped",
    kill: async () => undefined,
    destroy: async () => undefined,
  };
  const stateDirectory = mkdtempSync(join(tmpdir(), "spent-runner-"));
  folders.push(stateDirectory);
  const log = { event: () => undefined };
  return { runner: runnerProcess(ground, { stateDirectory, bootId: "boot-1", clock, log }), started, clock, seen };
}

const requestOf = (kind: "token" | "jit"): RegisterRequest => ({
  assignment: 1,
  name: "dev-i-0abc-1",
  url: "https://github.example/acme/shop",
  registration: { forge: "github", scope: "acme/shop", labels: ["7"], kind },
  token: "ASECRET",
});

test("one whose job was over before anybody looked has been registered, and is spent", async () => {
  const { runner } = runnerThat({ log: up + job });
  expect(await runner.register(requestOf("jit"))).toEqual({ kind: "registered" });
  expect((await runner.state()).spent).toBe(true);
});

test("as long as a worker lives, or without any job, it is not", async () => {
  const busy = runnerThat({ log: up + job, busy: true });
  const registered = busy.runner.register(requestOf("jit"));
  while (busy.clock.sleepers() === 0) await new Promise((done) => setImmediate(done));
  expect((await busy.runner.state()).spent).toBeUndefined();
  busy.seen.busy = false;
  await busy.clock.advance(hostLimits.startPollMs);
  expect(await registered).toEqual({ kind: "registered" });
  const idle = runnerThat({ log: up });
  expect(await idle.runner.register(requestOf("jit"))).toMatchObject({ kind: "failed" });
  expect((await idle.runner.state()).spent).toBeUndefined();
});

test("one that was registered by a token never is", async () => {
  const { runner, started } = runnerThat({ log: up + job });
  expect(await runner.register(requestOf("token"))).toMatchObject({ kind: "failed" });
  expect((await runner.state()).spent).toBeUndefined();
  await runner.resume(1);
  expect(started).toEqual([1, 1]);
});
