// The counters behind the maxima, looked at after each way in which a creation can end: one that is off by one lets the fleet outgrow its maximum, or starves it.
import { expect, test } from "vitest";
import type { Fleet, LaunchOutcome } from "../../cloud/ports/fleet.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { environmentCounter, partitionCounter } from "../../domain/names.ts";
import { type CalmWorld, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;

async function counted(world: CalmWorld): Promise<{ environment: number; partition: number; records: number }> {
  const count = (scope: string) =>
    world.does("look", async ({ settings }) => (await settings.counter(scope))?.count ?? 0);
  return {
    environment: await count(environmentCounter),
    partition: await count(partitionCounter(`github:${repository}`)),
    records: world.table.all().filter(({ state }) => state !== "terminated").length,
  };
}
const places = (all: number) => ({ environment: all, partition: all, records: all });

const noneLeft: LaunchOutcome = {
  kind: "answered",
  launched: [],
  failures: [{ kind: "no-capacity", reason: "InsufficientInstanceCapacity" }],
};

/** A fleet that launches at most so many of each order, in turn; gives the counts that it was asked for. */
function scarce(fleet: Fleet, most: readonly number[]): { fleet: Fleet; asked: number[] } {
  const asked: number[] = [];
  const launch: Fleet["launch"] = async (order) => {
    const room = most[asked.push(order.count) - 1] ?? 0;
    return room === 0 ? noneLeft : await fleet.launch({ ...order, count: Math.min(order.count, room) });
  };
  return { fleet: { ...fleet, launch }, asked };
}

test("EC2 has fewer than were wanted: only the rest is asked for again, and places are held by what there is", async () => {
  const world = await refreshedWorld();
  const [outcome, asked] = await world.does("provision", async (ports) => {
    const { fleet, asked } = scarce(ports.fleet, [3, 1]);
    return [await provision({ ...ports, fleet }, requestOf({ instanceCount: "5" })), asked] as const;
  });
  expect(asked.slice(0, 3)).toEqual([5, 2, 1]);
  expect(outcome.kind).toBe("failed");
  await world.time.run(world.time.now() + minute);
  // Given back to the pool, they hold their places.
  expect(await counted(world)).toEqual(places(4));
});

test("EC2 has none: every place is free again", async () => {
  const world = await refreshedWorld();
  const outcome = await world.does("provision", (ports) =>
    provision({ ...ports, fleet: scarce(ports.fleet, []).fleet }, requestOf({ instanceCount: "5" })),
  );
  expect(outcome.kind).toBe("failed");
  expect(await counted(world)).toEqual(places(0));
});

test("a provision that was killed once its machines were recorded, and is entered again, holds each place once", async () => {
  const world = await refreshedWorld();
  const { process, ports } = world.process("killed");
  void provision(ports, requestOf({ instanceCount: "3" }));
  while (world.table.all().length < 3) await world.time.run(world.time.now() + 50);
  process.kill();
  // The reply is asked for again: the same machines, which have a record and a place.
  const outcome = await world.does("provision", (again) => {
    const instances = { ...again.instances, ofRun: () => Promise.resolve({ items: [], damaged: [] }) };
    return provision({ ...again, instances }, requestOf({ instanceCount: "3" }));
  });
  expect(outcome.kind).toBe("ready");
  expect(world.machines.all()).toHaveLength(3);
  expect(await counted(world)).toEqual(places(3));
});

test("released, idle, ended and confirmed, and confirmed once more: each place is freed once", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "3" })));
  expect(await counted(world)).toEqual(places(3));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  expect(await counted(world)).toEqual(places(3));
  const [first] = world.machines.all();
  if (first === undefined) throw new Error("nothing was launched");
  world.machines.end(first, "Server.InternalError: the host failed");
  await world.time.run(world.time.now() + minute);
  // Two refreshes at once confirm the same machine.
  await Promise.all([1, 2].map((number) => world.does(`refresh ${number}`, (ports) => refresh(ports))));
  expect(await counted(world)).toEqual(places(2));
  await world.time.run(world.time.now() + 60 * minute);
  for (const _ of [1, 2, 3]) {
    await world.does("refresh", (ports) => refresh(ports));
    await world.time.run(world.time.now() + 5 * minute);
  }
  expect(await counted(world)).toEqual(places(0));
  // And refresh has had nothing to put right.
  expect(world.heard).not.toContain("counter.doubted");
});
