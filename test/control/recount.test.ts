// Recounting: what a crash left in a counter is taken out, whatever ends meanwhile; what is in flight is not.
import { expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { excess, readCounters, recount } from "../../control/refresh/recount.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { type CalmWorld, refreshedWorld, repository, requestOf } from "./calm-world.ts";
import { recordOf } from "./record-of.ts";

const maximum = 20;
const scopes = ["environment", `partition#github:${repository}`].map((name) => ({ name, maximum }));

/** Three instances that run, and counters that a crash has left two too high. */
async function leftTooHigh(): Promise<CalmWorld> {
  const world = await refreshedWorld({ maxInstances: maximum });
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "3" })));
  await world.does("killed provision", (ports) => ports.settings.reserve(2, scopes));
  return world;
}

const countOf = async (world: CalmWorld): Promise<number | undefined> =>
  (await world.does("look", (ports) => ports.settings.counter("environment")))?.count;

/** A recount between whose looks something else happens. */
const recounted = (world: CalmWorld, meanwhile: () => Promise<unknown>): Promise<void> =>
  world.does("recount", async (ports) => {
    const partitions = [`github:${repository}`];
    const counters = await readCounters(ports, partitions);
    const { items } = await ports.instances.all();
    const sleep = async (ms: number): Promise<void> => {
      await ports.clock.sleep(ms / 2);
      await meanwhile();
      await ports.clock.sleep(ms / 2);
    };
    const clock = { ...ports.clock, sleep };
    await recount({ ...ports, clock }, partitions, counters, items, await ports.fleet.ours());
  });

test("what was reserved and never launched is taken out", async () => {
  const world = await leftTooHigh();
  expect(await countOf(world)).toBe(5);
  await recounted(world, async () => undefined);
  expect(await countOf(world)).toBe(3);
});

test("also while instances end: each leaves counter and table alike", async () => {
  const world = await leftTooHigh();
  const [first] = world.machines.all();
  const sweep = world.process("sweep").ports;
  await recounted(world, async () => {
    if (first !== undefined) world.machines.end(first, "Server.InternalError: the host failed");
    await sweep.clock.sleep(60_000);
    // It is condemned and confirmed, and its place is freed, without a recount of its own.
    const settings = { ...sweep.settings, recount: async () => undefined };
    await refresh({ ...sweep, settings, clock: { ...sweep.clock, sleep: async () => undefined } });
  });
  expect(
    world.table
      .all()
      .map(({ state }) => state)
      .sort(),
  ).toEqual(["running", "running", "terminated"]);
  expect(await countOf(world)).toBe(2);
});

test("not while somebody reserves, even where the numbers come out the same: that may be in flight", async () => {
  const world = await leftTooHigh();
  const other = world.process("provision").ports;
  await recounted(world, async () => {
    await other.settings.reserve(1, scopes);
    await other.settings.free(
      1,
      scopes.map(({ name }) => name),
    );
  });
  expect(await countOf(world)).toBe(5);
});

test("a machine that nobody has recorded holds its place", async () => {
  const world = await leftTooHigh();
  const [like] = world.machines.all();
  if (like === undefined) throw new Error("there is none");
  // Its provision was killed between CreateFleet and the record.
  await world.does("killed provision", (ports) => ports.settings.reserve(1, scopes));
  const { type, zone, usageClass, tags } = like;
  world.machines.launch({ type, zone, usageClass, tags });
  expect(await countOf(world)).toBe(6);
  await recounted(world, async () => undefined);
  expect(await countOf(world)).toBe(4);
});

test("what is being ended holds its place until it has ended, in its own partition and in the environment", () => {
  const counters = new Map(
    ["environment", "partition#github:acme/shop", "partition#github:acme/docs"].map((scope) => [
      scope,
      { count: 2, reserved: 2 },
    ]),
  );
  const records = [recordOf({ state: "terminating" }), recordOf({ instanceId: "i-2", state: "terminated" })];
  expect([...excess(counters, records, [])]).toEqual([
    ["environment", 1],
    ["partition#github:acme/shop", 1],
    ["partition#github:acme/docs", 2],
  ]);
});
