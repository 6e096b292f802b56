// The example workflows, played end to end: the built action, real agents and runners, on the embedded cloud.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "./action-file.ts";
import { keptOf, results, runWorkflow } from "./play.ts";
import { readWorkflow, type Workflow } from "./workflow.ts";
import { openWorkflowCloud, type WorkflowCloud } from "./workflow-cloud.ts";

const folder = join(projectRoot, "examples/workflows");
const example = (name: string): Workflow => {
  const workflow = readWorkflow(readFileSync(join(folder, name), "utf8"));
  expect(Object.keys(workflow.env ?? {})).toEqual(["RUNPOOL_ENVIRONMENT", "RUNPOOL_ROLE", "AWS_REGION"]);
  return { ...workflow, env: { ...workflow.env, ...cloud.env } };
};
/** Agents, runners and their jobs are processes, and processors are few. */
const patienceMs = 180_000;

let cloud: WorkflowCloud;
let runId = 1000;
beforeAll(async () => {
  cloud = await openWorkflowCloud();
  // Instances register by the token that refresh renews.
  await runWorkflow(cloud.stage, example("refresh.yml"), { runId: "1000", attempt: 1 });
}, patienceMs);
afterAll(() => cloud.close());

const play = (name: string) => runWorkflow(cloud.stage, example(name), { runId: String(++runId), attempt: 1 });
const owned = () => cloud.records().filter(({ owner }) => owner !== undefined);

test("there is no other example", () => {
  expect(readdirSync(folder).toSorted()).toEqual([
    "ci.yml",
    "multi-architecture.yml",
    "refresh.yml",
    "spot-with-fallback.yml",
  ]);
  // Played in bake.test.ts.
  expect(readdirSync(join(folder, "../images"))).toEqual(["bake.yml"]);
});

test(
  "ci.yml: three legs of a matrix on two runners, which are released and used again",
  { timeout: patienceMs },
  async () => {
    const ends = await play("ci.yml");
    expect(results(ends), ends["provision"]?.logs.join()).toEqual({
      provision: "success",
      test: "success",
      release: "success",
    });
    expect(ends["provision"]?.outputs["label"]).toBe(String(runId));
    expect(JSON.parse(ends["provision"]?.outputs["instances"] ?? "")).toHaveLength(2);
    const said = ends["test"]?.logs.join("\n") ?? "";
    for (const part of [1, 2, 3]) expect(said).toMatch(new RegExp(`part ${part} of 3 on laptop-[0-9a-f]{8}-i-`));
    expect(owned()).toEqual([]);
    const next = await play("ci.yml");
    expect(results(next)).toMatchObject({ test: "success" });
    expect(next["provision"]?.logs.join()).toContain("2 from the pool, 0 created");
  },
);

test("multi-architecture.yml: each job is on a runner of its architecture", { timeout: patienceMs }, async () => {
  const ends = await play("multi-architecture.yml");
  expect(results(ends), ends["provision"]?.logs.join()).toEqual({
    provision: "success",
    build: "success",
    release: "success",
  });
  expect(ends["build"]?.logs[0]).toContain("building for linux/amd64");
  expect(ends["build"]?.logs[1]).toContain("building for linux/arm64");
  expect(owned()).toEqual([]);
});

test(
  "spot-with-fallback.yml: jobs find their runners by a label that nobody can guess",
  { timeout: patienceMs },
  async () => {
    const ends = await play("spot-with-fallback.yml");
    expect(results(ends), ends["provision"]?.logs.join()).toEqual({
      provision: "success",
      soak: "success",
      release: "success",
    });
    expect(ends["provision"]?.outputs).toEqual({ label: expect.stringMatching(/^runpool-[0-9a-f]{40}$/), count: "2" });
    const labels = cloud.stage.github.jobs().flatMap((job) => (job.run.runId === runId ? [job.labels] : []));
    expect(labels).toEqual([[ends["provision"]?.outputs["label"]]]);
  },
);

test("refresh.yml: renews and sweeps", { timeout: patienceMs }, async () => {
  const ends = await play("refresh.yml");
  expect(results(ends), ends["refresh"]?.logs.join()).toEqual({ refresh: "success" });
});

const flaky = readWorkflow(`
jobs:
  provision:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v5
      - uses: ./
        with: { mode: provision, environment: laptop, instance-count: 2 }
  test:
    needs: provision
    runs-on: \${{ github.run_id }}
    strategy: { matrix: { part: [1, 2] } }
    steps:
      - run: test "$GITHUB_RUN_ATTEMPT" -gt "\${{ matrix.part == 1 && 1 || 0 }}"
  release:
    needs: [provision, test]
    if: always()
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v5
      - uses: ./
        with: { mode: release, environment: laptop }
`);

test("failed jobs that are run again find runners within one refresh", { timeout: patienceMs }, async () => {
  const { stage } = cloud;
  const run = { runId: String(++runId), attempt: 1 };
  const first = await runWorkflow(stage, flaky, run);
  expect(results(first)).toEqual({ provision: "success", test: "failure", release: "success" });
  expect(owned()).toEqual([]);
  const second = { ...run, attempt: 2 };
  const kept = keptOf(flaky, first);
  expect(Object.keys(kept)).toEqual(["provision"]);
  const again = runWorkflow(stage, flaky, second, kept);
  await stage.github.happened(
    "job.queued",
    ({ job }) => String(job?.run.runId) === run.runId && job?.run.attempt === 2,
  );
  const refreshed = await runWorkflow(stage, example("refresh.yml"), { runId: String(++runId), attempt: 1 });
  expect(refreshed["refresh"]?.logs.join()).toContain(`run ${run.runId}, attempt 2, is run again`);
  expect(results(await again)).toEqual({ provision: "success", test: "success", release: "success" });
  expect(owned()).toEqual([]);
});
