// What a refresh creates is left to boot, and found by the next one: a re-run's machines and a floor's, however slow their script.
import { runOf } from "../../domain/owner.ts";
import { describe, expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { limits } from "../../domain/limits.ts";
import { calmWorld, repository, requestOf, slowly, type CalmWorld } from "./calm-world.ts";

const minute = 60_000;
const pass = (world: CalmWorld, ms: number): Promise<void> => world.time.run(world.time.now() + ms);

/** Refreshes in every period until then; the last report. */
async function refreshes(world: CalmWorld, count: number) {
  for (let nth = 1; ; nth++) {
    const begun = world.time.now();
    const report = await world.does("refresh", (ports) => refresh(ports));
    if (nth === count) return report;
    await world.time.run(begun + limits.refreshMs);
  }
}

/** A run that had an instance and gave it back; then a job of it is queued again, and new machines take so long to boot. */
async function queuedAgain(bootMs: number) {
  const boots = { ms: 20_000 };
  const world = calmWorld({}, (...machine) => slowly(boots.ms)(...machine));
  await refreshes(world, 1);
  await world.does("provision", (ports) => provision(ports, requestOf()));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  await pass(world, 20 * minute);
  await refreshes(world, 1);
  boots.ms = bootMs;
  const bought = world.machines.all().length;
  const job = world.forge.queue({
    scope: repository,
    runId: "1001",
    attempt: 1,
    labels: ["1001"],
    durationMs: 12 * minute,
  });
  await pass(world, minute);
  return { world, job, bought: () => world.machines.all().length - bought };
}

describe.for([1, 4, 6, 9])("where a boot takes %i minutes", (boot) => {
  test("one machine is bought for a queued job, takes it, and is not ended before the job is over", async () => {
    const { world, job, bought } = await queuedAgain(boot * minute);
    await refreshes(world, 6);
    expect([bought(), job.state]).toEqual([1, "done"]);
  });

  test("an idle floor gets what it bought", async () => {
    const world = calmWorld({ idleFloors: { "large/x64/spot": 1 } }, slowly(boot * minute));
    await refreshes(world, 6);
    expect(world.table.all().map(({ state }) => state)).toEqual(["idle", "idle"]);
    expect(world.machines.all()).toHaveLength(2);
  });
});

test("a machine of an idle floor that is up just before its boot limit waits for the refresh that parks it", async () => {
  const world = calmWorld({ idleFloors: { "large/x64/spot": 1 } }, slowly(limits.bootMs - minute));
  await refreshes(world, 1);
  await pass(world, limits.bootMs + minute);
  await refreshes(world, 1);
  expect(world.table.all().map(({ state }) => state)).toEqual(["idle", "idle"]);
  expect(world.machines.all()).toHaveLength(2);
});

test("a refresh says what is still on its way, and the next one that it is ready; neither is a problem", async () => {
  const { world } = await queuedAgain(4 * minute);
  const first = await refreshes(world, 1);
  expect(first.reruns).toEqual([
    { runId: "1001", attempt: 1, provisionId: "provision", wanted: 1, ready: 0, booting: 1 },
  ]);
  await pass(world, limits.refreshMs);
  const second = await refreshes(world, 1);
  expect(second.reruns).toMatchObject([{ wanted: 1, ready: 1, booting: 0 }]);
  expect([...first.problems, ...second.problems]).toEqual([]);
  expect(world.table.all().filter(({ owner }) => runOf(owner)?.runId === "1001")).toMatchObject([{ state: "running" }]);
});

test("where GitHub does not answer meanwhile, what is up is started all the same", async () => {
  const { world, job } = await queuedAgain(4 * minute);
  await refreshes(world, 1);
  await pass(world, limits.refreshMs);
  const silent = {
    activeRuns: () => Promise.reject(new Error("no answer")),
    waiting: () => Promise.reject(new Error("no answer")),
  };
  await world.does("refresh", (ports) => refresh({ ...ports, forge: { ...ports.forge, ...silent } }));
  expect(world.table.all().filter(({ owner }) => runOf(owner)?.runId === "1001")).toMatchObject([{ state: "running" }]);
  await pass(world, 12 * minute);
  expect(job.state).toBe("done");
});

test("what a run does not need any more is not started", async () => {
  const { world, job } = await queuedAgain(4 * minute);
  await refreshes(world, 1);
  world.forge.cancel(job);
  await pass(world, limits.refreshMs);
  await refreshes(world, 1);
  expect(world.table.all().filter(({ state }) => state === "running")).toEqual([]);
});
