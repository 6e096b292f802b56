// The runner stand-in really runs jobs: environment, hooks, cancellation, one-job runners, and processes under their true names.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBench, repo } from "./runner-bench.ts";
import type { Bench } from "./runner-bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const completed = (runId: number) => bench.github.happened("job.completed", (event) => event.job?.run.runId === runId);
const started = (runId: number) => bench.github.happened("job.started", (event) => event.job?.run.runId === runId);
const online = (name: string) => bench.github.happened("runner.online", (event) => event.runner?.name === name);

/** Pids of processes that /proc shows under this name. */
const named = (name: string, parent: number): number[] =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        return status.startsWith(`Name:\t${name}\n`) && status.includes(`PPid:\t${parent}\n`);
      } catch {
        return false;
      }
    })
    .map(Number);

describe("a configured runner", () => {
  test("runs the steps of a job in its work folder, with the job's environment", async () => {
    const { folder } = await bench.listening("steps", "2001,large");
    writeFileSync(join(folder, ".ignored"), "");
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
    const { job } = await completed(2001);
    expect(job?.conclusion).toBe("success");
    const log = job?.log.join("\n") ?? "";
    expect(log).toContain(`run 2001/3 job build on steps in ${folder}/_work/app/app`);
    expect(log).toContain("colour blue, CI true, repo octo/app");
    expect(job?.stepResults.map((step) => step.conclusion)).toEqual(["success", "success"]);
    expect(readFileSync(join(folder, "_work/app/app/kept.txt"), "utf8")).toBe("kept\n");
    expect(existsSync(join(folder, "_diag"))).toBe(true);
  });
});
