// A listener's death is noticed at once, and within `watchPollMs` by construction; from the notice to its repair the agent lets no time pass.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hostLimits } from "../../agent/machine/host-limits.ts";
import { startMark, type Sandbox } from "../../cloud/ports/sandbox.ts";
import { owned, recordOf } from "../control/record-of.ts";
import { manualClock, type ManualClock } from "../sim/manual-clock.ts";
import { agentBench } from "./agent-bench.ts";
import { unitSandboxOn } from "./on-systemd.ts";

let folder: string;
let listener: ChildProcess;
let clock: ManualClock;
let sandbox: Sandbox;
/** Of this test's sandbox alone: an earlier one notices that its folder goes. */
let heard: { notices: number; told: () => void };
/** Resolves with the next notice. */
const notice = () => new Promise<void>((done) => (heard.told = done));

/** A root and a cgroup as systemd keeps them, with a real process as the listener. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "listener-death-"));
  listener = spawn("sleep", ["600"], { stdio: "ignore" });
  mkdirSync(join(folder, "runners/1"), { recursive: true });
  writeFileSync(join(folder, "runners/1/listener.log"), `${startMark}\nListening for Jobs\n`);
  mkdirSync(join(folder, groupFolder), { recursive: true });
  writeFileSync(join(folder, groupFolder, "cgroup.procs"), `${listener.pid}\n`);
  clock = manualClock();
  const ears = { notices: 0, told: () => undefined as void };
  heard = ears;
  sandbox = unitSandboxOn(folder, {
    rootsDirectory: join(folder, "runners"),
    requests: { ask: () => Promise.resolve({ code: 0, words: "" }) },
    clock,
    onChange: () => {
      ears.notices++;
      ears.told();
    },
  });
});
const groupFolder = "runpool.slice/runpool-jobs.slice/runpool-runner@1.service";
afterEach(() => {
  listener.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** As the kernel does it: the process is gone, and with it its line. Nobody has written anything down. */
async function die(): Promise<void> {
  const ended = once(listener, "exit");
  listener.kill("SIGKILL");
  await ended;
  writeFileSync(join(folder, groupFolder, "cgroup.procs"), "");
}
const asleep = async (): Promise<void> => {
  while (clock.sleepers() === 0) await new Promise((done) => setImmediate(done));
};

test("root's word of the end is a notice, however little time has passed", async () => {
  expect((await sandbox.look(1)).listener).toBe("running");
  const noticed = notice();
  await die();
  writeFileSync(join(folder, "runners/1/ended"), "killed KILL signal\n");
  await noticed;
  expect(clock.now()).toBe(manualClock().now());
  expect(await sandbox.look(1)).toMatchObject({ listener: "exited", exitCode: 137 });
});

test("without such a word the end is noticed within half a second, which is the longest that anyone sleeps there", async () => {
  expect(hostLimits.watchPollMs).toBeLessThanOrEqual(500);
  await sandbox.look(1);
  await asleep();
  await die();
  expect(heard.notices).toBe(0);
  const noticed = notice();
  await clock.advance(hostLimits.watchPollMs);
  await noticed;
  expect((await sandbox.look(1)).listener).toBe("exited");
});

test("a job that writes into the hooks' file without end makes the agent look once in half a second; the listener's end is told all the same", async () => {
  await sandbox.look(1);
  await asleep();
  for (let word = 0; word < 50; word++) {
    appendFileSync(join(folder, "runners/1/jobs"), "word\n");
    await new Promise((done) => setImmediate(done));
  }
  expect(heard.notices).toBe(1);
  const again = notice();
  await clock.advance(hostLimits.watchPollMs);
  await again;
  expect(heard.notices).toBe(2);
  const noticed = notice();
  await die();
  writeFileSync(join(folder, "runners/1/ended"), "killed KILL signal\n");
  await noticed;
  expect(await sandbox.look(1)).toMatchObject({ listener: "exited", exitCode: 137 });
});

test("one that dies right after a look, before it is watched, is noticed without any wait", async () => {
  const noticed = notice();
  expect((await sandbox.look(1)).listener).toBe("running");
  writeFileSync(join(folder, groupFolder, "cgroup.procs"), "");
  await noticed;
  expect(clock.now()).toBe(manualClock().now());
});

test("a root laid anew under the same number is watched anew", async () => {
  await sandbox.look(1);
  await sandbox.lay(1);
  rmSync(join(folder, "runners/1"), { recursive: true });
  mkdirSync(join(folder, "runners/1"));
  await sandbox.start(1, {});
  await asleep();
  await die();
  const noticed = notice();
  await clock.advance(hostLimits.watchPollMs);
  await noticed;
});

test("the agent, told of the end in the middle of its wait, starts the listener again before its clock has moved", async () => {
  const record = recordOf({ ...owned, state: "running", said: "registered" });
  const { assignment } = record;
  const bench = agentBench({ record, runner: { assignment, configured: true, listener: "online" } });
  void bench.run();
  while (bench.clock.sleepers() === 0) await new Promise((done) => setImmediate(done));
  const died = bench.clock.now();
  bench.change({}, { listener: "exited" });
  while (!bench.told.includes(`start ${assignment}`)) await new Promise((done) => setImmediate(done));
  expect(bench.clock.now()).toBe(died);
});
