// Stopping a runner unless it has a job: GitHub's judgement on real processes, in the sandbox of plain processes and in root's.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import { markVariable } from "../../agent/hosts/process/process-set.ts";
import { childrenOf, readProcess } from "../../agent/hosts/process/process-table.ts";
import { githubEnrolment } from "../../agent/runners/github/enrolment.ts";
import { githubRunner } from "../../agent/runners/github/github-runner.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import type { Runner } from "../../cloud/ports/runner.ts";
import type { Sandbox } from "../../cloud/ports/sandbox.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { enrolmentOptions } from "./agent-options.ts";
import { unitSandboxOn } from "./on-systemd.ts";
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

/** As an agent finds it that is started anew: the runner of assignment 1 is there. */
function runnerIn(sandbox: Sandbox): Runner {
  const present = { assignment: 1, partition: "github:acme/shop", configured: true, eventsLogged: 0 };
  writeFileSync(join(stage.folder, "runner.json"), JSON.stringify({ bootId: "boot-1", jobsBefore: 0, present }));
  return githubRunner(sandbox, {
    enrolment: githubEnrolment(enrolmentOptions("dev", "i-0abc", { read: async () => undefined })),
    stateDirectory: stage.folder,
    bootId: "boot-1",
    hooksDirectory: "",
    clock: hostClock,
    log: { event: () => undefined },
  });
}

interface HostUnderTest {
  readonly runner: Runner;
  /** The processes of the runner, for a host that does not find them by itself. */
  readonly holds: (pids: readonly number[]) => void;
  /** After "busy". */
  readonly goesOn: (pids: readonly number[]) => Promise<boolean>;
  /** After "stopped". */
  readonly ended: (pids: readonly number[]) => Promise<boolean>;
}

const plainProcesses = (): HostUnderTest => ({
  runner: runnerIn(
    processSandbox({
      program: githubProgram("", ""),
      rootsDirectory: join(stage.folder, "state/runners"),
      path: "",
      clock: hostClock,
      log: { event: () => undefined },
      onChange: () => undefined,
    }),
  ),
  holds: () => undefined,
  goesOn: async (pids) => (await Promise.all(pids.map(lives))).every(Boolean),
  ended: async (pids) => !(await Promise.all(pids.map(lives))).some(Boolean),
});

const group = () => join(stage.folder, "runpool.slice/runpool-jobs.slice/runpool-runner@1.service");
const file = (name: string) => readFileSync(join(group(), name), "utf8").trim();
const units = (ask: (verb: string) => { readonly code: number | null; readonly said: string }) =>
  unitSandboxOn(stage.folder, {
    rootsDirectory: join(stage.folder, "state/runners"),
    requests: {
      ask: async (verb) => {
        const { code, said } = ask(verb);
        return { code: code ?? Number.NaN, words: said };
      },
    },
    clock: hostClock,
  });

/** Root's scripts are run; the cgroup's files are plain ones: freezing and killing are what the scripts write into them. */
const rootsScripts = (): HostUnderTest => {
  mkdirSync(group(), { recursive: true });
  for (const name of ["cgroup.freeze", "cgroup.kill"]) writeFileSync(join(group(), name), "0\n");
  writeFileSync(join(group(), "cgroup.events"), "populated 1\nfrozen 1\n");
  stage.stub("runner-cgroup.sh", `[ -s ${group()}/cgroup.procs ] && echo ${group()}`);
  stage.stub("runner-kill.sh", `echo killed >>${group()}/calls`);
  return {
    runner: runnerIn(units((verb) => stage.run(`runner-${verb}.sh`, "1"))),
    holds: (pids) => writeFileSync(join(group(), "cgroup.procs"), pids.map((pid) => `${pid}\n`).join("")),
    goesOn: async () => file("cgroup.freeze") === "0" && file("cgroup.kill") === "0",
    ended: async (pids) => pids.length === 0 || (file("cgroup.kill") === "1" && file("calls") === "killed"),
  };
};

describe.each([
  ["plain processes", plainProcesses],
  ["systemd, by root's scripts", rootsScripts],
])("on %s", (_, open) => {
  let host: HostUnderTest;
  beforeEach(() => {
    says([listens]);
    host = open();
  });
  /** GitHub's runner cannot be told to take no further job: both are one. */
  const ways = ["stopIfIdle", "drain"] as const;
  const stopped = async (pids: readonly number[], way: (typeof ways)[number] = "stopIfIdle") => {
    host.holds(pids);
    expect(await host.runner[way]()).toBe("stopped");
    expect(await host.ended(pids)).toBe(true);
  };
  const spared = async (pids: readonly number[], way: (typeof ways)[number] = "stopIfIdle") => {
    host.holds(pids);
    expect(await host.runner[way]()).toBe("busy");
    expect(await host.goesOn(pids)).toBe(true);
  };

  test.each(ways)("nothing runs: there is nothing to stop (%s)", (way) => stopped([], way));

  test.each(ways)("a listener without a job is stopped (%s)", async (way) => {
    await stopped([await runs("Runner.Listener", false)], way);
  });

  test.each(ways)("a job's worker is spared, also one that its listener has left (%s)", async (way) => {
    await spared([await runs("Runner.Worker")], way);
  });

  test("a child of the listener is just becoming a worker, whatever its name", async () => {
    const listener = await runs("Runner.Listener", true);
    const children = (await childrenOf(listener)).map(({ pid }) => pid);
    expect(children).toHaveLength(1);
    await spared([listener, ...children]);
  });

  test("a job that the listener has just taken is spared before its worker is there", async () => {
    says([listens, taken]);
    await spared([await runs("Runner.Listener")]);
  });

  test("a job that it took two minutes ago, and has no worker, was given up", async () => {
    says([listens, taken], 120);
    await stopped([await runs("Runner.Listener")]);
  });

  test("a job that it has said more after is over", async () => {
    says([listens, taken, "2026-01-05 12:02:00Z: Job build completed with result: Succeeded"]);
    await stopped([await runs("Runner.Listener")]);
  });
});

test("a runner that does not freeze is neither killed nor called idle, and is thawed", async () => {
  const { runner, holds } = rootsScripts();
  holds([process.pid]);
  writeFileSync(join(group(), "cgroup.events"), "frozen 0\n");
  const script = join(stage.folder, "lib/runner-freeze.sh");
  writeFileSync(script, readFileSync(script, "utf8").replace("{1..500}", "{1..2}"));
  await expect(runner.stopIfIdle()).rejects.toThrow("ended with 75: the cgroup does not freeze");
  expect([file("cgroup.freeze"), file("cgroup.kill")]).toEqual(["0", "0"]);
});

test("a runner that somebody has thawed between the look and the end is spared: a job may have begun", async () => {
  const { runner, holds } = rootsScripts();
  says([listens]);
  holds([await runs("Runner.Listener")]);
  stage.stub("runner-freeze.sh", `echo "frozen 0" >${group()}/cgroup.events`);
  expect(await runner.stopIfIdle()).toBe("busy");
  expect(file("cgroup.kill")).toBe("0");
});

test("a runner that stands frozen with nobody left who wanted it is thawed at the next look", async () => {
  const { runner, holds } = rootsScripts();
  says([listens]);
  holds([await runs("Runner.Listener")]);
  writeFileSync(join(group(), "cgroup.freeze"), "1\n");
  await runner.state();
  expect(file("cgroup.freeze")).toBe("0");
});

test("a process that the kernel has killed meanwhile takes nothing from the word that a job runs", async () => {
  const { runner, holds } = rootsScripts();
  says([listens]);
  holds([2 ** 30, await runs("Runner.Worker")]);
  expect(await runner.stopIfIdle()).toBe("busy");
});

test.each([
  ["killed", "killed"],
  ["a word of some tool\nthawed", "thawed"],
  ["a word of some tool\nkilled", "killed"],
])("root's answer %j is read as %s", async (said, outcome) => {
  expect(await units(() => ({ code: 0, said })).killFrozen(1)).toBe(outcome);
});

test.each(["", "stopped", "killed\na word of some tool"])("root's answer %j does not count as a stop", async (said) => {
  await expect(units(() => ({ code: 0, said })).killFrozen(1)).rejects.toThrow("neither");
});
