// What a job can make of the files and processes that the agent looks at: any length, any word, unreadable. None of it ends the agent.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  watch,
  writeFileSync,
  type FSWatcher,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunnerState } from "../../cloud/ports/runner.ts";
import { readBeginning, readEnds } from "../../agent/machine/disk-state.ts";
import { hostLimits, hostMaxima } from "../../agent/machine/host-limits.ts";
import { readJobEvents } from "../../agent/runners/github/job-hooks.ts";
import { startMark } from "../../cloud/ports/sandbox.ts";
import { readListenerLog } from "../../agent/runners/github/listener-log.ts";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { commandLine } from "../../agent/hosts/process/process-table.ts";
import { limits } from "../../domain/limits.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { manualClock, type ManualClock } from "../sim/manual-clock.ts";
import { agentBench } from "./agent-bench.ts";
import { unitSandboxOn } from "./on-systemd.ts";

let folder: string;
let clock: ManualClock;
/** Resolves with the notice after those before. */
let notices: number;
let noticed: () => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hostile-files-"));
  mkdirSync(join(folder, "1"));
  clock = manualClock();
  notices = 0;
  noticed = () => undefined;
});
afterEach(() => rmSync(folder, { recursive: true }));

const online = `${startMark}\nCurrent runner version: '2.336.0'\n2026-01-05 12:00:00Z: Listening for Jobs\n`;
const onChange = () => {
  notices++;
  noticed();
};
const onUnits = () => unitSandboxOn(folder, { clock, onChange });
const onProcesses = () => {
  const options = { rootsDirectory: folder, path: "", clock, log: { event: () => undefined }, onChange };
  return processSandbox({ ...options, program: githubProgram("", "") });
};

describe.each([
  ["systemd's units", onUnits],
  ["plain processes", onProcesses],
])("on %s", (_, open) => {
  const file = (name: string) => join(folder, "1", name);

  test("a log that was made longer than any text may be is read at its ends", async () => {
    writeFileSync(file("listener.log"), online);
    truncateSync(file("listener.log"), 3 * 2 ** 30);
    appendFileSync(file("listener.log"), "\n2026-01-05 12:01:00Z: Running job: build\n");
    const { log } = await open().look(1);
    expect(log.length).toBeLessThanOrEqual(hostMaxima.logBytes + 1);
    expect(readListenerLog(log)).toMatchObject({ online: true, jobs: 1, version: "2.336.0" });
  });

  test("files that cannot be read say nothing", async () => {
    // As what a job may do to its hooks' file (chmod) does to the agent, and for root too.
    for (const name of ["listener.log", "jobs"]) mkdirSync(file(name));
    expect(await open().look(1)).toMatchObject({ log: "", jobs: "", processes: [] });
  });
});

test("a file is read whole where it is short, by its ends where it is long, and from its beginning where that is asked for", async () => {
  const file = join(folder, "file");
  expect(await readEnds(file, 10)).toBeUndefined();
  writeFileSync(file, "0123456789");
  expect(await readEnds(file, 10)).toBe("0123456789");
  expect(await readEnds(file, 9)).toBe("0123\n6789");
  expect(await readBeginning(file, 4)).toBe("0123");
  // Files of /proc say that they are empty.
  expect(await readBeginning("/proc/self/status", 5)).toBe("Name:");
});

test("of a process's command line only the beginning is read", async () => {
  const long = spawn("bash", ["-c", "read -r line", ...Array.from({ length: 15 }, () => "x".repeat(100_000))], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  await once(long, "spawn");
  const words = await commandLine(long.pid ?? 0);
  expect(words.slice(0, 2)).toEqual(["bash", "-c"]);
  expect(words.join(" ").length).toBeLessThanOrEqual(hostMaxima.commandLineBytes);
  long.kill("SIGKILL");
});

test("words that are not the hooks' own are no events, whatever JavaScript's objects know by them", () => {
  const line = (word: string) => `${word}\t1\t7\t1\tbuild\n`;
  const made = ["constructor", "__proto__", "toString", "hasOwnProperty", "job.started", ""].map(line).join("");
  expect(readJobEvents(made + line("started")).map(({ name }) => name)).toEqual(["job.started"]);
});

test("lines of any length are cut before they reach a log or a signal", () => {
  const { lastLines } = readListenerLog(`${startMark}\n${"x".repeat(10 * hostMaxima.lineLength)}\nend\n`);
  expect(lastLines.map(({ length }) => length)).toEqual([hostMaxima.lineLength, 3]);
});

test("a job that writes into the folder without end wakes the agent at the first word of each file, and then at the poll", async () => {
  writeFileSync(join(folder, "1", "listener.log"), online);
  const listener = spawn("sleep", ["600"], { stdio: "ignore" });
  const group = join(folder, "runpool.slice/runpool-jobs.slice/runpool-runner@1.service");
  mkdirSync(group, { recursive: true });
  writeFileSync(join(group, "cgroup.procs"), `${listener.pid}\n`);
  await onUnits().look(1);
  let watcher: FSWatcher | undefined;
  const last = new Promise<void>((done) => {
    watcher = watch(join(folder, "1"), (_, file) => void (file === "jobs" && done()));
  });
  // Of equal changes in a row the kernel tells one: so two that differ, in turn.
  for (let word = 0; word < 500; word++) {
    appendFileSync(join(folder, "1", "listener.log"), "word\n");
    chmodSync(join(folder, "1", "listener.log"), 0o644);
  }
  // Told after all of those before: another file's first word.
  writeFileSync(join(folder, "1", "jobs"), "word\n");
  await last;
  watcher?.close();
  expect(notices).toBe(2);
  const polled = new Promise<void>((done) => (noticed = done));
  while (clock.sleepers() === 0) await new Promise((done) => setImmediate(done));
  await clock.advance(hostLimits.watchPollMs);
  await polled;
  expect(notices).toBe(3);
  listener.kill("SIGKILL");
});

describe("an agent that cannot read its machine", () => {
  const serving = { assignment: 1, configured: true, listener: "online", busy: false, jobs: 1 } as const;
  const record = recordOf({ ...owned, state: "running", said: "registered", threshold: now + 60_000 });
  const broken = () => Promise.reject(new Error("File size (3221225472) is greater than 2 GiB"));

  test("begins nothing upon its runner, says so once, and continues as soon as it can", async () => {
    let reads = 0;
    let state: RunnerState = serving;
    const bench = agentBench({
      record,
      runner: serving,
      hands: {
        state: () => (++reads < 5 ? broken() : Promise.resolve(state)),
        clean: () => Promise.resolve(void (state = { ...serving, assignment: undefined, listener: "none" })),
      },
    });
    void bench.run();
    await bench.until(() => reads >= 5);
    expect(bench.record()).toEqual(record);
    expect([...bench.told, ...bench.done]).toEqual([]);
    expect(bench.events.map(({ name }) => name)).toEqual(["agent.unread"]);
    bench.change({ wanted: "leave" });
    await bench.until(() => bench.events.some(({ name }) => name === "agent.cleaned"));
  });

  test("ends at its threshold all the same", async () => {
    const bench = agentBench({ record, runner: serving, hands: { state: broken } });
    const ended = bench.run();
    await bench.until(() => bench.done.includes("power-off"));
    expect(await ended).toBe("retired");
    expect(bench.clock.now()).toBeGreaterThanOrEqual(record.threshold);
    expect(bench.clock.now()).toBeLessThan(record.threshold + limits.heartbeatMs + limits.agentTurnMs);
  });

  test("lives without knowing the disk's free share, without its supervisor, and without a deadline that can be armed", async () => {
    const bench = agentBench({
      record,
      runner: serving,
      host: { diskFree: broken, report: broken, deadline: broken },
    });
    void bench.run();
    bench.change({ wanted: "leave" });
    await bench.until(() => bench.record().signal?.kind === "deregistered");
    expect(bench.events.filter(({ name }) => name === "agent.unread")).toHaveLength(1);
  });
});
