// A runner that is good for one job, by what its listener leaves behind: told apart from one that may be started again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Assigned } from "../../cloud/ports/runner.ts";
import { startMark, type SandboxSeen } from "../../cloud/ports/sandbox.ts";
import { hostLimits } from "../../agent/machine/host-limits.ts";
import { githubEnrolment } from "../../agent/runners/github/enrolment.ts";
import { githubRunner } from "../../agent/runners/github/github-runner.ts";
import { manualClock } from "../sim/manual-clock.ts";
import { enrolmentOptions } from "./agent-options.ts";
import { stillSandbox, worker } from "./still-sandbox.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const job = "2026-01-05 12:00:01Z: Running job: build\n";
const up = `${startMark}\n2026-01-05 12:00:00Z: Listening for Jobs\n`;

/** A runner whose listener is always found like this; `started`: how often it was started. */
function runnerThat(given: Partial<SandboxSeen>) {
  const clock = manualClock();
  const seen: { -readonly [Name in keyof SandboxSeen]?: SandboxSeen[Name] } = { ...given };
  const started: number[] = [];
  const sandbox = stillSandbox(() => ({ listener: "exited", exitCode: 0, ...seen }), {
    start: async (assignment) => void started.push(assignment),
  });
  const stateDirectory = mkdtempSync(join(tmpdir(), "spent-runner-"));
  folders.push(stateDirectory);
  const log = { event: () => undefined };
  const secrets = { read: async () => ({ value: "ASECRET", writtenAt: 0 }) };
  const enrolment = githubEnrolment(enrolmentOptions("dev", "i-0abc", secrets));
  const runner = githubRunner(sandbox, { enrolment, stateDirectory, bootId: "boot-1", hooksDirectory: "", clock, log });
  return { runner, started, clock, seen };
}

const recordOf = (kind: "token" | "jit"): Assigned => ({
  assignment: 1,
  partition: "github:acme/shop",
  registration: [{ forge: "github", scope: "acme/shop", labels: ["7"], kind }],
});

test("one whose job was over before anybody looked has been registered, and is spent", async () => {
  const { runner } = runnerThat({ log: up + job });
  expect(await runner.enrol(recordOf("jit"))).toEqual({ kind: "registered" });
  expect((await runner.state()).spent).toBe(true);
});

test("as long as a worker lives, or without any job, it is not", async () => {
  const busy = runnerThat({ log: up + job, processes: [worker] });
  const registered = busy.runner.enrol(recordOf("jit"));
  while (busy.clock.sleepers() === 0) await new Promise((done) => setImmediate(done));
  expect((await busy.runner.state()).spent).toBeUndefined();
  busy.seen.processes = [];
  await busy.clock.advance(hostLimits.startPollMs);
  expect(await registered).toEqual({ kind: "registered" });
  const idle = runnerThat({ log: up });
  expect(await idle.runner.enrol(recordOf("jit"))).toMatchObject({ kind: "failed" });
  expect((await idle.runner.state()).spent).toBeUndefined();
});

test("one that was registered by a token never is", async () => {
  const { runner, started } = runnerThat({ log: up + job });
  expect(await runner.enrol(recordOf("token"))).toMatchObject({ kind: "failed" });
  expect((await runner.state()).spent).toBeUndefined();
  await runner.start(1);
  expect(started).toEqual([1, 1]);
});
