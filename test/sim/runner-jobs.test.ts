// The runner stand-in really runs jobs: environment, hooks, cancellation, stray processes, and programs under their true names.
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Job } from "../../sim/github/model.ts";
import { openBench, repo } from "./runner-bench.ts";
import type { Bench } from "./runner-bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const completed = async (runId: number): Promise<Job> => {
  const { job } = await bench.github.happened("job.completed", (event) => event.job?.run.runId === runId);
  if (job === undefined) throw new Error("no job");
  return job;
};
const started = (runId: number) => bench.github.happened("job.started", (event) => event.job?.run.runId === runId);
const queue = (runId: number, ...steps: string[]) =>
  bench.github.queueRun({
    ...repo,
    runId,
    jobs: [{ name: "build", labels: [String(runId)], steps: steps.map((run) => ({ run })) }],
  });

/** The children of a process that /proc shows under this name. */
const children = (parent: number, name: string): number[] =>
  readdirSync("/proc").flatMap((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return status.startsWith(`Name:\t${name}\n`) && status.includes(`\nPPid:\t${parent}\n`) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });

const script = (folder: string, name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/bash\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};

describe("a job", () => {
  test("has its steps run in the work folder, with the variables of a job and what earlier steps handed on", async () => {
    const { folder } = await bench.listening("steps", "2001,large");
    const steps = [
      {
        run: 'echo "run $GITHUB_RUN_ID/$GITHUB_RUN_ATTEMPT job $GITHUB_JOB on $RUNNER_NAME in $PWD"; echo "COLOUR=blue" >> "$GITHUB_ENV"',
      },
      { name: "second", run: 'echo "colour $COLOUR, CI $CI, repo $GITHUB_REPOSITORY"; echo kept > kept.txt' },
    ];
    bench.github.queueRun({
      ...repo,
      runId: 2001,
      attempt: 3,
      jobs: [{ name: "build", labels: ["2001", "LARGE"], steps }],
    });
    const job = await completed(2001);
    const log = job.log.join("\n");
    expect(job.conclusion).toBe("success");
    expect(log).toContain(`run 2001/3 job build on steps in ${folder}/_work/app/app`);
    expect(log).toContain("colour blue, CI true, repo octo/app");
    expect(job.stepResults.map((step) => step.conclusion)).toEqual(["success", "success"]);
    expect(readFileSync(join(folder, "_work/app/app/kept.txt"), "utf8")).toBe("kept\n");
    expect(existsSync(join(folder, "_diag"))).toBe(true);
  });

  test("fails with its first failing step, and the later ones are skipped", async () => {
    await bench.listening("failing", "2002");
    queue(2002, "exit 3", "echo never");
    const job = await completed(2002);
    expect(job.conclusion).toBe("failure");
    expect(job.stepResults.map((step) => step.conclusion)).toEqual(["failure", "skipped"]);
    expect(job.log).toContain("##[error]Process completed with exit code 3.");
    expect(job.log).not.toContain("never");
  });

  test("waits for a runner that has all of its labels", async () => {
    await bench.listening("half", "2003");
    bench.github.queueRun({ ...repo, runId: 2003, jobs: [{ name: "big", labels: ["2003", "huge"], script: "true" }] });
    await bench.listening("whole", "2003,huge,more");
    expect((await completed(2003)).runner?.name).toBe("whole");
  });

  test("is run by a Runner.Worker that is a child of Runner.Listener, under those names in ps", async () => {
    const { pid, folder } = await bench.listening("names", "2004");
    expect(readFileSync(`/proc/${pid}/comm`, "utf8")).toBe("Runner.Listener\n");
    queue(
      2004,
      `cat /proc/$PPID/comm; tr '\\0' ' ' < /proc/$PPID/cmdline; until [ -e ${folder}/seen ]; do sleep 0.02; done`,
    );
    await started(2004);
    expect(children(pid, "Runner.Worker")).toHaveLength(1);
    writeFileSync(join(folder, "seen"), "");
    const job = await completed(2004);
    expect(job.log).toContain("Runner.Worker");
    expect(job.log.some((line) => /^\/.*\/bin\/Runner\.Worker \/.*worker\.mjs spawnclient/.test(line))).toBe(true);
  });

  test("that is cancelled at GitHub is stopped by its runner, which goes on listening", async () => {
    await bench.listening("cancelled", "2013");
    queue(2013, "while :; do sleep 0.05; done", "echo never");
    await started(2013);
    bench.github.cancelRun(2013);
    const job = await completed(2013);
    expect([job.conclusion, ...job.stepResults.map((step) => step.conclusion)]).toEqual([
      "cancelled",
      "cancelled",
      "skipped",
    ]);
    const run = bench.github.queueRun({
      ...repo,
      runId: 2013,
      attempt: 2,
      jobs: [{ name: "build", labels: ["2013"], script: "true" }],
    });
    await bench.github.happened("job.completed", (event) => event.job === run.jobs[0]);
    expect(run.jobs[0]?.conclusion).toBe("success");
  });

  test("sees .env of the runner's folder, and no input of the configuration", async () => {
    const folder = bench.folder();
    const inputs = {
      ACTIONS_RUNNER_INPUT_URL: bench.url,
      ACTIONS_RUNNER_INPUT_TOKEN: await bench.token(),
      ACTIONS_RUNNER_INPUT_LABELS: "2005",
    };
    await bench.start(folder, "config.sh", ["--unattended", "--name", "dotenv"], inputs).ended;
    writeFileSync(join(folder, ".env"), "PLANTED=a=b\nACTIONS_RUNNER_INPUT_TOKEN=leak\n");
    bench.start(folder, "run.sh", [], inputs);
    queue(2005, 'echo "planted $PLANTED"; env | grep -c ACTIONS_RUNNER_INPUT || true');
    const { log } = await completed(2005);
    expect(log).toContain("planted a=b");
    expect(log).toContain("0");
  });

  test("leaves no process behind but one that dropped the tracking id", async () => {
    const { folder } = await bench.listening("strays", "2006");
    queue(2006, `sleep 1000 & echo $! > ${folder}/stray; RUNNER_TRACKING_ID= sleep 1000 & echo $! > ${folder}/daemon`);
    await completed(2006);
    const alive = (name: string): boolean => {
      const status = `/proc/${readFileSync(join(folder, name), "utf8").trim()}/status`;
      return existsSync(status) && !readFileSync(status, "utf8").includes("State:\tZ");
    };
    const still = [alive("stray"), alive("daemon")];
    process.kill(Number(readFileSync(join(folder, "daemon"), "utf8")));
    expect(still).toEqual([false, true]);
  });
});

describe("a job hook", () => {
  test("that fails at the start fails the job before its first step, and knew the run", async () => {
    const folder = bench.folder();
    const hook = script(folder, "started.sh", 'echo "hook for $GITHUB_RUN_ID attempt $GITHUB_RUN_ATTEMPT"; exit 1');
    await bench.listening("hooked", "2007", [], { ACTIONS_RUNNER_HOOK_JOB_STARTED: hook });
    queue(2007, "echo never");
    const job = await completed(2007);
    expect(job.conclusion).toBe("failure");
    expect(job.log).toContain("hook for 2007 attempt 1");
    expect(job.log).toContain("A job started hook has been configured by the self-hosted runner administrator");
    expect(job.log).not.toContain("never");
  });

  test("that fails at the end fails a job whose steps went well", async () => {
    const folder = bench.folder();
    const hook = script(folder, "completed.sh", "exit 9");
    await bench.listening("hooked-after", "2008", [], { ACTIONS_RUNNER_HOOK_JOB_COMPLETED: hook });
    queue(2008, "echo fine");
    const job = await completed(2008);
    expect(job.log).toContain("fine");
    expect(job.conclusion).toBe("failure");
  });

  test("that is not there fails the job", async () => {
    await bench.listening("hookless", "2009", [], { ACTIONS_RUNNER_HOOK_JOB_STARTED: "/nowhere/hook.sh" });
    queue(2009, "echo never");
    const job = await completed(2009);
    expect(job.conclusion).toBe("failure");
    expect(job.log).toContain("##[error]File doesn't exist");
  });
});

describe("a listener told to stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "by %s cancels its running job, says goodbye and exits with 0: there is no drain",
    async (signal) => {
      const runId = signal === "SIGTERM" ? 2010 : 2011;
      const { child, ended } = await bench.listening(`stopped-${signal}`, String(runId));
      queue(runId, "echo begun; while :; do sleep 0.05; done", "echo never");
      await started(runId);
      child.kill(signal);
      const job = await completed(runId);
      expect(job.conclusion).toBe("cancelled");
      const { code, out } = await ended;
      expect(code).toBe(0);
      expect(out).toContain("Job build completed with result: Canceled");
      expect(bench.github.runners().find((runner) => runner.name === `stopped-${signal}`)?.status).toBe("offline");
    },
  );

  test("while idle goes offline at once and leaves a ghost that REST lists", async () => {
    const { child, ended } = await bench.listening("leaver", "2012");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
    const { data } = await bench.octokit.request("GET /repos/{owner}/{repo}/actions/runners", {
      ...repo,
      name: "leaver",
    });
    expect(data.runners.map((runner) => [runner.name, runner.status])).toEqual([["leaver", "offline"]]);
  });
});
