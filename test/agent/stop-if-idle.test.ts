// Stopping a runner unless it has a job: one contract for plain processes and for root's script, on real processes.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { processGround } from "../../agent/hosts/process/process-ground.ts";
import { markVariable } from "../../agent/hosts/process/process-set.ts";
import { childrenOf, readProcess } from "../../agent/hosts/process/process-table.ts";
import { unitGround } from "../../agent/hosts/systemd/unit-ground.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { scriptStage, type ScriptStage } from "./script-stage.ts";

let stage: ScriptStage;
let started: ChildProcess[];
beforeEach(() => {
  stage = scriptStage();
  started = [];
});
afterEach(() => {
  for (const { pid } of started)
    try {
      process.kill(-(pid ?? 0), "SIGKILL");
    } catch {
      // Stopped by the test.
    }
  stage.close();
});

const whole = () => join(stage.folder, "state/runners/1");
/** A process of that name, as the runner's own are marked; with a child where it is told so. */
async function runs(name: string, child = false): Promise<number> {
  const work = child ? "sleep 600 & echo up; wait" : `echo up; exec -a /x/bin/${name} sleep 600`;
  const one = spawn("bash", ["-c", `exec -a /x/bin/${name} bash -c '${work}'`], {
    env: { PATH: process.env["PATH"], [markVariable]: whole() },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  started.push(one);
  await once(one.stdout, "data");
  return one.pid ?? 0;
}
const lives = async (pid: number) => {
  const seen = await readProcess(pid);
  return seen !== undefined && !seen.zombie && !seen.stopped;
};

/** The listener's log, and how long ago its last line was written. */
function says(lines: readonly string[], secondsAgo = 0): void {
  const log = join(whole(), "listener.log");
  writeFileSync(log, lines.map((line) => `${line}\n`).join(""));
  const at = new Date(Date.now() - secondsAgo * 1000);
  utimesSync(log, at, at);
}
const listens = "2026-01-05 12:00:00Z: Listening for Jobs";
const taken = "2026-01-05 12:01:00Z: Running job: build";

interface HostUnderTest {
  /** Main is the listener's process, 0 where it has none. */
  readonly stop: (main: number, pids: readonly number[]) => Promise<string>;
  /** After "busy". */
  readonly goesOn: (pids: readonly number[]) => Promise<boolean>;
  /** After "stopped". */
  readonly ended: (pids: readonly number[]) => Promise<boolean>;
}

const plainProcesses = (): HostUnderTest => {
  const ground = processGround({
    distribution: "",
    stateDirectory: stage.folder,
    rootsDirectory: join(stage.folder, "state/runners"),
    path: "",
    clock: hostClock,
    log: { event: () => undefined },
    onChange: () => undefined,
  });
  return {
    stop: () => ground.stopIfIdle(1),
    goesOn: async (pids) => (await Promise.all(pids.map(lives))).every(Boolean),
    ended: async (pids) => !(await Promise.all(pids.map(lives))).some(Boolean),
  };
};

/** The cgroup's files are plain ones: freezing and killing are what the script writes into them. */
const rootsScript = (): HostUnderTest => {
  const cgroup = join(stage.folder, "cgroup");
  const file = (name: string) => readFileSync(join(cgroup, name), "utf8").trim();
  mkdirSync(cgroup);
  for (const name of ["cgroup.freeze", "cgroup.kill"]) writeFileSync(join(cgroup, name), "0\n");
  writeFileSync(join(cgroup, "cgroup.events"), "populated 1\nfrozen 1\n");
  stage.stub("runner-cgroup.sh", `[ -s ${cgroup}/cgroup.procs ] && echo ${cgroup}`);
  stage.stub("runner-kill.sh", `echo killed >>${cgroup}/calls`);
  return {
    stop: async (main, pids) => {
      stage.stub("systemctl", `echo ${main}`);
      writeFileSync(join(cgroup, "cgroup.procs"), pids.map((pid) => `${pid}\n`).join(""));
      return stage.run("runner-stop.sh", "1").said;
    },
    goesOn: async () => file("cgroup.freeze") === "0" && file("cgroup.kill") === "0",
    ended: async (pids) => pids.length === 0 || (file("cgroup.kill") === "1" && file("calls") === "killed"),
  };
};

describe.each([
  ["plain processes", plainProcesses],
  ["root's script", rootsScript],
])("on %s", (_, open) => {
  let host: HostUnderTest;
  beforeEach(() => {
    says([listens]);
    host = open();
  });
  const stopped = async (main: number, pids: readonly number[]) => {
    expect(await host.stop(main, pids)).toBe("stopped");
    expect(await host.ended(pids)).toBe(true);
  };
  const spared = async (main: number, pids: readonly number[]) => {
    expect(await host.stop(main, pids)).toBe("busy");
    expect(await host.goesOn(pids)).toBe(true);
  };

  test("nothing runs: there is nothing to stop", () => stopped(0, []));

  test("a listener without a job is stopped", async () => {
    const listener = await runs("Runner.Listener", false);
    await stopped(0, [listener]);
  });

  test("a job's worker is spared, also one that its listener has left", async () => {
    const worker = await runs("Runner.Worker");
    await spared(0, [worker]);
  });

  test("a child of the listener is just becoming a worker, whatever its name", async () => {
    const listener = await runs("Runner.Listener", true);
    const children = (await childrenOf(listener)).map(({ pid }) => pid);
    expect(children).toHaveLength(1);
    await spared(listener, [listener, ...children]);
  });

  test("a job that the listener has just taken is spared before its worker is there", async () => {
    says([listens, taken]);
    await spared(0, [await runs("Runner.Listener")]);
  });

  test("a job that it took two minutes ago, and has no worker, was given up", async () => {
    says([listens, taken], 120);
    await stopped(0, [await runs("Runner.Listener")]);
  });

  test("a job that it has said more after is over", async () => {
    says([listens, taken, "2026-01-05 12:02:00Z: Job build completed with result: Succeeded"]);
    await stopped(0, [await runs("Runner.Listener")]);
  });
});

test("a runner that does not freeze is neither killed nor called idle, and is thawed", async () => {
  const cgroup = join(stage.folder, "cgroup");
  rootsScript();
  writeFileSync(join(cgroup, "cgroup.events"), "frozen 0\n");
  writeFileSync(join(cgroup, "cgroup.procs"), "1\n");
  const script = join(stage.folder, "lib/runner-stop.sh");
  writeFileSync(script, readFileSync(script, "utf8").replace("{1..500}", "{1..2}"));
  const { code, said } = stage.run("runner-stop.sh", "1");
  expect([code, said]).toEqual([75, "the cgroup does not freeze"]);
  expect(readFileSync(join(cgroup, "cgroup.freeze"), "utf8")).toBe("0\n");
  expect(readFileSync(join(cgroup, "cgroup.kill"), "utf8")).toBe("0\n");
});

test("a process that the kernel has killed meanwhile takes nothing from the word that a job runs", async () => {
  const host = rootsScript();
  says([listens]);
  const worker = await runs("Runner.Worker");
  expect(await host.stop(0, [2 ** 30, worker])).toBe("busy");
});

test.each([
  ["busy", "busy"],
  ["a word of some tool\nbusy", "busy"],
  ["a word of some tool\nstopped", "stopped"],
])("root's answer %j is read as %s", async (words, outcome) => {
  expect(await answered(words).stopIfIdle(1)).toBe(outcome);
});

test.each(["", "killed", "stopped\na word of some tool"])(
  "root's answer %j does not count as a stop",
  async (words) => {
    await expect(answered(words).stopIfIdle(1)).rejects.toThrow("neither");
  },
);

const answered = (words: string) =>
  unitGround({
    distribution: "",
    stateDirectory: stage.folder,
    rootsDirectory: stage.folder,
    cgroupTree: stage.folder,
    path: "",
    requests: { ask: () => Promise.resolve({ code: 0, words }) },
    clock: hostClock,
    log: { event: () => undefined },
    onChange: () => undefined,
  });
