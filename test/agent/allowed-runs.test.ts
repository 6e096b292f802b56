// Whose jobs may run here: the owning run's, or anybody's where labels are shared.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { EnrolmentOptions } from "../../agent/runners/github/enrolment.ts";
import { parseAgentEnvironment } from "../../entry/agent/agent-environment.ts";
import { owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration } from "./agent-bench.ts";

/** What the runner is told to let in when the agent registers with these settings. */
async function letIn(
  enrolment: Partial<EnrolmentOptions>,
  owner: string = owned.owner,
): Promise<readonly string[] | undefined> {
  const record = recordOf({ ...owned, owner, state: "claimed", said: "prepared", registration });
  const bench = agentBench({ record, enrolment });
  void bench.run();
  await bench.until(() => bench.requests.length > 0);
  return bench.requests[0]?.onlyRuns;
}

test("only the owning run's jobs may run where nothing is said", async () => {
  expect(await letIn({})).toEqual(["7"]);
});

test("a machine that works for no run lets no run's jobs in", async () => {
  expect(await letIn({}, "image-test:ami-0123456789abcdef0:9")).toEqual([]);
});

test("where labels are shared any run's jobs may run, and no list is kept", async () => {
  expect(await letIn({ anyRunsJobs: true })).toBeUndefined();
});

const base = {
  RUNPOOL_ENVIRONMENT: "test",
  RUNPOOL_RUNNER: "/runner",
  RUNPOOL_STATE: "/state",
  RUNPOOL_WORK: "/runners",
  RUNPOOL_HOOKS: "/hooks",
};
const parsed = (changes: Readonly<Record<string, string>>) => {
  const { RUNPOOL_ANY_RUNS_JOBS: any } = parseAgentEnvironment({ ...base, ...changes });
  return any;
};

test("the setting is read from the environment file", () => {
  expect(parsed({})).toBe("false");
  expect(parsed({ RUNPOOL_ANY_RUNS_JOBS: "true" })).toBe("true");
});

test("a word that is neither true nor false lets nobody in: the agent does not start, and names the variable", () => {
  for (const word of ["yes", "1", "TRUE", ""])
    expect(() => parsed({ RUNPOOL_ANY_RUNS_JOBS: word })).toThrow("RUNPOOL_ANY_RUNS_JOBS");
});

const hook = resolve(import.meta.dirname, "../../agent/runners/github/units/job-started.sh");

/** The hook as a worker runs it; what the worker's stderr, a pipe to its listener, was told, and whether the worker lives to run a step. */
function hookOf(worker: string, runId: string) {
  const program = `bash -e '${hook}'; echo "hook: $?"`;
  const { stdout } = spawnSync(
    "bash",
    ["-c", `(exec -a ${worker} bash -c "$PROGRAM" 2> >(sed 's/^/stderr: /')) | cat`],
    {
      env: { PATH: process.env["PATH"], PROGRAM: program, RUNPOOL_ONLY_RUNS: "7 70", GITHUB_RUN_ID: runId },
      encoding: "utf8",
    },
  );
  return stdout;
}

test("the hook of a stranger's job ends the worker, since a failed hook alone would leave steps that always run", () => {
  const why = "This runner belongs to workflow run 7 70; this job is of run 77. Its first step was not run.";
  const said = hookOf("/runner/bin/Runner.Worker", "77");
  expect(said).toContain(`::error::${why}`);
  expect(said).toContain(`stderr: ${why}`);
  expect(said).not.toContain("hook:");
  // Nothing else that calls it is killed; and a job that may run is left alone.
  expect(hookOf("bash", "77")).toContain("hook: 1");
  expect(hookOf("/runner/bin/Runner.Worker", "70")).toBe("hook: 0\n");
});

test("a run is let in by its whole number alone, never by one that begins or ends like it", () => {
  const letsIn = (RUNPOOL_ONLY_RUNS: string, GITHUB_RUN_ID: string) =>
    spawnSync("bash", [hook], { env: { PATH: process.env["PATH"], RUNPOOL_ONLY_RUNS, GITHUB_RUN_ID } }).status === 0;
  for (const [owner, run] of [
    ["70", "7"],
    ["17", "7"],
    ["7", "70"],
    ["71 170", "7"],
    ["7", ""],
    ["", "7"],
    ["", ""],
  ] as const)
    expect(letsIn(owner, run), `${run} into ${owner}`).toBe(false);
  for (const owner of ["7", "70 7", "7 70"]) expect(letsIn(owner, "7"), `7 into ${owner}`).toBe(true);
});

test("the operator's own hook is run after ours, and its failure is the hook's", () => {
  const folder = mkdtempSync(join(tmpdir(), "own-hook-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const own = join(folder, "own.sh");
  // The last that ours has written, if it has run by then.
  writeFileSync(
    own,
    'tail -n 1 "$RUNPOOL_JOBS_FILE" | cut -f 1\necho "operator says $GITHUB_RUN_ID"\n[ "$GITHUB_RUN_ID" != 8 ]\n',
  );
  const run = (GITHUB_RUN_ID: string) => {
    const env = {
      PATH: process.env["PATH"],
      RUNPOOL_HOOK_STARTED: own,
      RUNPOOL_JOBS_FILE: join(folder, "jobs"),
      GITHUB_RUN_ID,
    };
    const { status, stdout } = spawnSync("bash", [hook], { env, encoding: "utf8" });
    return [status, stdout];
  };
  expect([run("7"), run("8")]).toEqual([
    [0, "started\noperator says 7\n"],
    [1, "started\noperator says 8\n"],
  ]);
});
