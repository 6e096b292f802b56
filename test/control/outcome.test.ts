// What came of provisions: kept with the request, ended by release, told once by refresh, with what it cost by repository.
import { expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { release } from "../../control/runs/release.ts";
import { newsOf, type Outcome, type RunOutcomes } from "../../domain/outcome.ts";
import { estimatedUsdPerHour } from "../../domain/prices.ts";
import { outcomeMetrics } from "../../entry/lambdas/outcome-metrics.ts";
import { calmWorld, refreshedWorld, repository, requestOf, wordsIn } from "./calm-world.ts";

const minute = 60_000;

test("two runs after each other: the first is cold, the second warm, each has a time to ready, an end and a price", async () => {
  const world = await refreshedWorld();
  for (const runId of ["1001", "1002"]) {
    const outcome = await world.does("provision", (ports) =>
      provision(ports, requestOf({ runId, instanceCount: "2" })),
    );
    if (outcome.kind !== "ready") throw new Error(wordsIn(outcome).join("\n"));
    const kept = (await world.does("look", (ports) => ports.requests.unreported())).runs.find(
      (run) => run.runId === runId,
    );
    const price = outcome.instances.reduce(
      (sum, { instanceType, usageClass }) => sum + (estimatedUsdPerHour(instanceType, usageClass) ?? Number.NaN),
      0,
    );
    const { created, reused, readyMs } = outcome;
    expect(kept?.outcomes).toEqual([
      expect.objectContaining({ repository, created, reused, claimsLost: 0, usdPerHour: price }),
    ]);
    // It is kept beside the last writes, which the provision's own time includes.
    expect(readyMs - (kept?.outcomes[0]?.readyMs ?? 0)).toBeGreaterThanOrEqual(0);
    expect(readyMs - (kept?.outcomes[0]?.readyMs ?? 0)).toBeLessThan(1000);
    expect([created, reused]).toEqual(runId === "1001" ? [2, 0] : [0, 2]);
    await world.time.run(world.time.now() + 2 * minute);
    await world.does("release", (ports) => release(ports, { runId, attempt: 1 }));
  }
  const { from, runs } = await world.does("look", (ports) => ports.requests.unreported());
  const { used } = newsOf(runs, from, world.time.now());
  for (const { outcome, instanceSeconds, usd } of used) {
    expect(instanceSeconds).toBeGreaterThanOrEqual(2 * 120 + (2 * outcome.readyMs) / 1000 - 1);
    expect(usd).toBeCloseTo(((outcome.usdPerHour ?? 0) * instanceSeconds) / 2 / 3600, 3);
  }
  expect(used.map(({ runId }) => runId).toSorted()).toEqual(["1001", "1002"]);
});

test("a claim that another has won is counted", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ runId: "1001" })));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  const both = ["1002", "1003"].map((runId) =>
    world.does(`provision ${runId}`, (ports) => provision(ports, requestOf({ runId }))),
  );
  await Promise.all(both);
  const { runs } = await world.does("look", (ports) => ports.requests.unreported());
  const lost = runs.flatMap(({ outcomes }) => outcomes).reduce((sum, { claimsLost }) => sum + claimsLost, 0);
  expect(lost).toBe(world.heard.filter((name) => name === "claim.lost").length);
  expect(lost).toBeGreaterThan(0);
});

test("a run that provisions again after a release ends again: the second's use is told too", async () => {
  const world = await refreshedWorld();
  for (const name of ["build", "deploy"]) {
    await world.does("provision", (ports) => provision(ports, requestOf({ runId: "1001", name })));
    await world.time.run(world.time.now() + minute);
    await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  }
  const { from, runs } = await world.does("look", (ports) => ports.requests.unreported());
  const { used } = newsOf(runs, from, world.time.now());
  expect(used.map(({ outcome: { provisionId } }) => provisionId).toSorted()).toEqual(["build", "deploy"]);
  for (const { instanceSeconds } of used) expect(instanceSeconds).toBeLessThan(120);
});

test("a run that has nothing of its own ends without a trace", async () => {
  const world = calmWorld();
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  expect(world.requests.outcomes.size).toBe(0);
});

const outcome: Outcome = {
  attempt: 1,
  provisionId: "provision",
  repository,
  resourceClass: "large",
  usageClass: "spot",
  at: 1000,
  readyMs: 200,
  created: 1,
  reused: 2,
  claimsLost: 4,
  usdPerHour: 0.36,
};
const run = (part: Partial<RunOutcomes>): RunOutcomes => ({ runId: "1", outcomes: [outcome], endings: [], ...part });

test("each readiness and each end is told in one window, whatever windows there are", () => {
  const runs = [run({ endings: [{ attempt: 2, at: 1800 }] }), run({ runId: "2" })];
  for (const windows of [
    [0, 5000],
    [0, 1000, 5000],
    [0, 999, 1500, 1799, 1800, 5000],
    [0, 1500, 1600, 5000],
  ]) {
    const news = windows.slice(1).map((until, at) => newsOf(runs, windows[at] ?? 0, until));
    expect(news.flatMap(({ ready }) => ready.map(({ runId }) => runId)).toSorted()).toEqual(["1", "2"]);
    expect(news.flatMap(({ used }) => used.map(({ runId, endedAt }) => [runId, endedAt]))).toEqual([["1", 1800]]);
  }
});

test("an attempt ends with its own release or a later one, never with an earlier", () => {
  const second = { ...outcome, attempt: 2, at: 3000 };
  const endings = [
    { attempt: 1, at: 2000 },
    { attempt: 2, at: 4000 },
  ];
  const { used } = newsOf([run({ outcomes: [outcome, second], endings })], 0, 9000);
  expect(used.map(({ outcome: { attempt }, endedAt }) => [attempt, endedAt])).toEqual([
    [1, 2000],
    [2, 4000],
  ]);
});

test("the lines are metrics of the environment, with the repository to ask by and no dimension of its own", () => {
  const lines = outcomeMetrics("dev", newsOf([run({ endings: [{ attempt: 1, at: 11_000 }] })], 0, 20_000));
  const [ready, used] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const about = { Environment: "dev", repository, runId: "1", attempt: 1, resourceClass: "large", usageClass: "spot" };
  expect(ready).toMatchObject({ ...about, TimeToReady: 200, InstancesCreated: 1, InstancesReused: 2, ClaimsLost: 4 });
  // Three instances for 10.2 s, together 0.36 dollars an hour.
  expect(used).toMatchObject({ ...about, InstanceSeconds: 31, RunCost: (0.36 * 10.2) / 3600 });
  const at = (line: unknown) => (line as { _aws: { Timestamp: number; CloudWatchMetrics: unknown[] } })._aws;
  expect([at(ready).Timestamp, at(used).Timestamp]).toEqual([1000, 11_000]);
  expect(at(used).CloudWatchMetrics).toMatchObject([
    {
      Namespace: "runpool",
      Dimensions: [["Environment"]],
      Metrics: [{ Name: "InstanceSeconds" }, { Name: "RunCost" }],
    },
  ]);
  const unknown = newsOf([run({ outcomes: [{ ...outcome, usdPerHour: undefined } as unknown as Outcome] })], 0, 9000);
  expect(outcomeMetrics("dev", unknown).join()).not.toContain("RunCost");
});
