// "Re-run failed jobs": GitHub runs no provision job again, so refresh finds the jobs that wait, and gives them runners.
import { runOf } from "../../domain/owner.ts";
import { describe, expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { judgeQueued } from "../../control/operate/doctor/forge.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { unservableJobs, unservableOf, requestsFor, type Waiting } from "../../control/runs/rerun.ts";
import { limits } from "../../domain/limits.ts";
import type { RawRequest } from "../../domain/request.ts";
import { calmWorld, type CalmWorld, problemsIn, refreshedWorld, repository, requestOf } from "./calm-world.ts";
import { configuration, now, recordOf } from "./record-of.ts";

const minute = 60_000;

/** A run that had its runners and gave them back; then a job of it is run again. */
async function ranAgain(asked: Partial<RawRequest> = {}, labels = ["1001"]) {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf(asked)));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  await world.time.run(world.time.now() + 20 * minute);
  const job = world.forge.queue({ scope: repository, runId: "1001", attempt: 2, labels, durationMs: 1000 });
  return { world, job };
}

const pass = (world: CalmWorld, ms: number): Promise<void> => world.time.run(world.time.now() + ms);

test("a job that is run again is served within one refresh", async () => {
  const { world, job } = await ranAgain();
  await pass(world, minute);
  expect(job.state).toBe("queued");
  const { reruns, problems } = await world.does("refresh", (ports) => refresh(ports));
  expect(reruns).toEqual([{ runId: "1001", attempt: 2, provisionId: "provision", wanted: 1, ready: 1, booting: 0 }]);
  expect(problems).toEqual([]);
  await pass(world, minute);
  expect(job.state).toBe("done");
  const released = await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 2 }));
  expect(released.pooled).toHaveLength(1);
});

test("a job with a secret label finds runners that carry it again", async () => {
  const { world, job } = await ranAgain({ label: "runpool-abc" }, ["runpool-abc"]);
  await pass(world, minute);
  await world.does("refresh", (ports) => refresh(ports));
  await pass(world, minute);
  expect(job.state).toBe("done");
});

test("what refresh provisions for a re-run does not replace what the run asked for", async () => {
  const { world } = await ranAgain({ instanceCount: "3" });
  await pass(world, minute);
  const { reruns } = await world.does("refresh", (ports) => refresh(ports));
  expect(reruns[0]?.wanted).toBe(1);
  expect(world.requests.asked.get("1001")?.get("provision")?.count).toBe(3);
  // What came of it is told all the same, as the second attempt's.
  const outcomes = world.requests.outcomes.get("1001")?.outcomes ?? [];
  expect(outcomes.map(({ attempt, created, reused }) => [attempt, created + reused])).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

test("a re-run that is over before all its instances are ready is not provisioned any further", async () => {
  const { world } = await ranAgain({ instanceCount: "2" });
  world.forge.queue({ scope: repository, runId: "1001", attempt: 2, labels: ["1001"], durationMs: 1000 });
  await pass(world, minute);
  let refreshed: Awaited<ReturnType<typeof refresh>> | undefined;
  void refresh(world.process("refresh").ports).then((report) => (refreshed = report));
  // The run is released as soon as the first instance is taken.
  while (!world.table.all().some(({ owner }) => runOf(owner)?.runId === "1001")) await pass(world, 100);
  const releasing = release(world.process("release").ports, { runId: "1001", attempt: 2 });
  await world.time.settle(releasing);
  await pass(world, 5 * minute);
  expect(refreshed?.problems).toEqual([]);
  expect(world.table.all().filter(({ owner }) => owner !== undefined)).toEqual([]);
});

test("a run that holds instances is left alone, however long its jobs wait", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  for (const durationMs of [10 * minute, 10 * minute])
    world.forge.queue({ scope: repository, runId: "1001", attempt: 1, labels: ["1001"], durationMs });
  await pass(world, 2 * minute);
  expect((await world.does("refresh", (ports) => refresh(ports))).reruns).toEqual([]);
});

test("of an owner that is served as a whole the repositories that had instances are asked about, and nobody else's", async () => {
  const forge = { ...configuration.forge, repositories: ["acme/*"], organisation: "acme" };
  const world = await refreshedWorld({ forge });
  const runs = { "1001": repository, "1002": "acme/tomorrow", "1003": "stranger/shop", "1004": "acme/../../x" };
  for (const [runId, of] of Object.entries(runs)) {
    await world.does(runId, (ports) => provision(ports, { ...requestOf({ runId }), repository: of }));
    await world.does(`release ${runId}`, (ports) => release(ports, { runId, attempt: 1 }));
  }
  await pass(world, 20 * minute);
  world.forge.queue({ scope: "acme/tomorrow", runId: "1002", attempt: 2, labels: ["1002"], durationMs: 1000 });
  await pass(world, minute);
  const asked: string[] = [];
  const { reruns, problems } = await world.does("refresh", (ports) =>
    refresh(
      {
        ...ports,
        forge: {
          ...ports.forge,
          activeRuns: (of) => {
            asked.push(of);
            return ports.forge.activeRuns(of);
          },
        },
      },
      { dryRun: true },
    ),
  );
  expect(asked).toEqual(["acme/tomorrow", repository]);
  expect(reruns).toEqual([{ runId: "1002", attempt: 2, provisionId: "provision", wanted: 1, ready: 0, booting: 0 }]);
  expect(problems).toEqual([]);
  // They share machines: nobody knew their names when tokens and templates were made.
  expect(new Set(world.table.all().map(({ partition }) => partition))).toContain("github:acme");
});

test("jobs of runs that are none of ours are left alone", async () => {
  const { world } = await ranAgain({}, ["ubuntu-latest"]);
  world.forge.queue({ scope: repository, runId: "77", attempt: 1, labels: ["77"], durationMs: 1 });
  await pass(world, minute);
  expect((await world.does("refresh", (ports) => refresh(ports))).reruns).toEqual([]);
});

test("what another repository has asked for under a run's id provisions nothing for it", async () => {
  const world = calmWorld();
  await world.does("forge", (ports) =>
    ports.requests.save({ ...requestOf(), repository: "acme/other" }, world.time.now()),
  );
  world.forge.queue({ scope: repository, runId: "1001", attempt: 1, labels: ["1001"], durationMs: 1000 });
  await pass(world, 20 * minute);
  expect((await world.does("refresh", (ports) => refresh(ports))).reruns).toEqual([]);
  expect(world.machines.all()).toEqual([]);
});

test("GitHub is not asked for the jobs of a run that has asked for nothing here", async () => {
  const world = calmWorld();
  world.forge.queue({ scope: repository, runId: "77", attempt: 1, labels: ["77"], durationMs: 1 });
  await pass(world, minute);
  const asked: string[] = [];
  const looking = <Ports extends Parameters<typeof refresh>[0]>(ports: Ports) => ({
    ...ports,
    forge: {
      ...ports.forge,
      waiting: (scope: string, run: Parameters<typeof ports.forge.waiting>[1]) => {
        asked.push(run.runId);
        return ports.forge.waiting(scope, run);
      },
    },
  });
  await world.does("refresh", (ports) => refresh({ ...ports, ...looking(ports) }));
  await world.does("doctor", (ports) => unservableJobs(looking(ports), configuration));
  expect(asked).toEqual([]);
});

test("a dry run says what it would provision, and a pause holds it back", async () => {
  const { world } = await ranAgain();
  await pass(world, minute);
  const told = await world.does("dry", (ports) => refresh(ports, { dryRun: true }));
  expect(told.reruns).toEqual([
    { runId: "1001", attempt: 2, provisionId: "provision", wanted: 1, ready: 0, booting: 0 },
  ]);
  expect(world.table.all().filter(({ owner }) => owner !== undefined)).toEqual([]);
  world.words.paused = { reason: "maintenance", at: world.time.now() };
  expect((await world.does("paused", (ports) => refresh(ports))).reruns).toEqual([]);
});

test("a GitHub that refuses the list is a problem of its own, and the rest of refresh goes on", async () => {
  const { world } = await ranAgain();
  await pass(world, minute);
  const report = await world.does("refresh", (ports) =>
    refresh({ ...ports, forge: { ...ports.forge, activeRuns: () => Promise.reject(new Error("Actions: read")) } }),
  );
  expect(problemsIn(report)).toEqual(["re-run of acme/shop: Actions: read", "re-run of acme/docs: Actions: read"]);
  expect(report.reruns).toEqual([]);
});

describe("what is to be provisioned", () => {
  const large = requestOf({ instanceCount: "2" });
  const xlarge = requestOf({ name: "big", resourceClass: "xlarge", labels: "gpu" });
  const queuedAt = now - limits.rerunGraceMs;
  const job = (...labels: string[]) => ({ labels, queuedAt });
  const base: Waiting = {
    run: { runId: "1001", attempt: 3 },
    jobs: [job("1001")],
    saved: [large, xlarge],
    records: [],
    configuration,
    now,
  };
  const serving = recordOf({
    state: "running",
    owner: "github:run:1001:3:provision",
    wanted: "serve",
    labels: ["1001", "1001-large", "1001-x64"],
  });
  const wished = (part: Partial<Waiting>) =>
    requestsFor({ ...base, ...part }).map(({ provisionId, count, attempt }) => [provisionId, count, attempt]);

  test("is as many as jobs wait, never more than were asked for", () => {
    expect(wished({})).toEqual([["provision", 1, 3]]);
    expect(wished({ jobs: [job("1001"), job("1001"), job("1001")] })).toEqual([["provision", 2, 3]]);
  });

  test("goes to the request whose runners carry all labels of the job", () => {
    expect(wished({ jobs: [job("1001", "1001-GPU")] })).toEqual([["big", 1, 3]]);
    expect(wished({ jobs: [job("1001-xlarge")] })).toEqual([["big", 1, 3]]);
    for (const other of [
      job("1001", "windows"),
      job("large"),
      job("x64"),
      job("gpu"),
      job("10011"),
      job("1001", "xlarge"),
    ])
      expect(wished({ jobs: [other] })).toEqual([]);
  });

  test("waits a moment: the run's own provision may be about to claim", () => {
    expect(wished({ jobs: [{ ...job("1001"), queuedAt: queuedAt + 1 }] })).toEqual([]);
  });

  test("is nothing for jobs that an instance of the run could take", () => {
    expect(wished({ records: [serving] })).toEqual([]);
    expect(wished({ records: [serving], jobs: [job("1001-xlarge")] })).toEqual([["big", 1, 3]]);
  });

  test.each([
    ["asked to leave", { wanted: "leave" }],
    ["retired", { retiredAt: now }],
    ["past its threshold", { threshold: now }],
    ["ending", { state: "terminating" }],
    ["another run's", { owner: "github:run:1002:3:provision" }],
  ] as const)("an instance that is %s takes no job", (_why, part) => {
    expect(wished({ records: [recordOf({ ...serving, ...part })] })).toEqual([["provision", 1, 3]]);
  });

  test("a job that asks for the run and for what none of its runners has is told with the labels that are in the way", () => {
    const found = (...labels: string[]) =>
      unservableOf({ ...base, jobs: [job(...labels)] }).map(({ unknown }) => unknown);
    expect(found("self-hosted", "1001")).toEqual([["self-hosted"]]);
    expect(found("1001", "xlarge", "Linux")).toEqual([["xlarge", "Linux"]]);
    expect(found("1001-huge")).toEqual([["1001-huge"]]);
    // The run's own, however written, and what is somebody else's affair.
    for (const fine of [["1001"], ["1001-Large", "1001-X64"], ["self-hosted"], ["1002"], ["10012"]])
      expect(found(...fine)).toEqual([]);
    expect(unservableOf({ ...base, jobs: [{ ...job("self-hosted", "1001"), queuedAt: now }] })).toEqual([]);
  });
});

test("refresh reports a job that names `self-hosted` beside its run, and serves it no more than before", async () => {
  const { world, job } = await ranAgain({}, ["self-hosted", "1001"]);
  await pass(world, minute);
  const { unservable, reruns } = await world.does("refresh", (ports) => refresh(ports));
  expect(unservable).toEqual([{ runId: "1001", labels: ["self-hosted", "1001"], unknown: ["self-hosted"] }]);
  // The doctor looks for the same, and says what to write.
  const found = await world.does("doctor", async (ports) =>
    unservableJobs(ports, (await ports.settings.load()).configuration),
  );
  expect(found).toEqual(unservable);
  expect(judgeQueued(found)).toMatchObject({
    verdict: "warn",
    found: expect.stringMatching(/runs-on: \[self-hosted, 1001\] stays queued/) as unknown,
  });
  expect(judgeQueued([]).verdict).toBe("ok");
  expect(reruns).toEqual([]);
  expect(job.state).toBe("queued");
});
