// A second attempt has machines of its own: what is left of the first is asked to leave, and what is called again serves for as long as asked.
import { expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { limits } from "../../domain/limits.ts";
import { type CalmWorld, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;
const pass = (world: CalmWorld, ms: number): Promise<void> => world.time.run(world.time.now() + ms);
const provisioned = (world: CalmWorld, part: Parameters<typeof requestOf>[0]) =>
  world.does("provision", (ports) => provision(ports, requestOf(part)));

test("jobs of a second attempt do not die with the first one's machines", async () => {
  const world = await refreshedWorld();
  await provisioned(world, { instanceCount: "2" });
  await pass(world, limits.maxRuntimeMs - 3 * minute);
  const second = await provisioned(world, { instanceCount: "2", attempt: "2" });
  expect(second.kind).toBe("ready");
  const jobs = [1, 2].map(() =>
    world.forge.queue({ scope: repository, runId: "1001", attempt: 2, labels: ["1001"], durationMs: 10 * minute }),
  );
  await pass(world, 15 * minute);
  expect(jobs.map(({ state }) => state)).toEqual(["done", "done"]);
});

test("only what the same name left of an earlier attempt is asked to leave, and refresh gives it to the pool", async () => {
  const world = await refreshedWorld();
  await provisioned(world, { name: "tests" });
  await provisioned(world, { name: "lint" });
  await provisioned(world, { name: "tests", attempt: "2" });
  await pass(world, minute);
  const wanted = world.table.all().map(({ owner, wanted }) => `${owner} ${wanted}`);
  expect(wanted.toSorted()).toEqual([
    "github:run:1001:1:lint serve",
    "github:run:1001:1:tests leave",
    "github:run:1001:2:tests serve",
  ]);
  await world.does("refresh", (ports) => refresh(ports));
  expect(
    world.table
      .all()
      .map(({ state }) => state)
      .toSorted(),
  ).toEqual(["idle", "running", "running"]);
});

test("a provision that is called again under its name has its machines for as long as it asks for", async () => {
  const world = await refreshedWorld();
  await provisioned(world, {});
  await pass(world, limits.maxRuntimeMs - 5 * minute);
  expect((await provisioned(world, {})).kind).toBe("ready");
  const [record, ...others] = world.table.all();
  expect(others).toEqual([]);
  expect((record?.threshold ?? 0) - world.time.now()).toBeGreaterThan(limits.maxRuntimeMs - minute);
});

test("a job that waits while the only machine of its run is about to end gets another", async () => {
  const world = await refreshedWorld();
  await provisioned(world, {});
  await pass(world, limits.maxRuntimeMs - limits.lastJobMs + minute / 2);
  const job = world.forge.queue({
    scope: repository,
    runId: "1001",
    attempt: 1,
    labels: ["1001"],
    durationMs: 5 * minute,
  });
  await pass(world, minute);
  expect(job.state).toBe("queued");
  await world.does("refresh", (ports) => refresh(ports));
  await pass(world, 7 * minute);
  expect(job.state).toBe("done");
});
