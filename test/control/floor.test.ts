// What an idle floor lacks.
import { expect, test } from "vitest";
import { floorsOf, keepFloors, planFloor, type Floor } from "../../control/refresh/floor.ts";
import type { ControlPorts } from "../world/world.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { limits } from "../../domain/limits.ts";
import { calmWorld, type CalmWorld } from "./calm-world.ts";
import { configuration, now, owned, recordOf } from "./record-of.ts";

const floor: Floor = {
  partition: "github:acme/shop",
  resourceClass: "large",
  architecture: "x64",
  usageClass: "on-demand",
  count: 2,
};
const idle = (name: string, left: number) => recordOf({ instanceId: name, threshold: now + left });

test("an empty pool lacks the whole floor", () =>
  expect(planFloor(floor, [], now)).toEqual({ extend: [], missing: 2 }));

test("those that are created without an owner count as coming, those of a run do not", () => {
  const coming = recordOf({ state: "created", assignment: 0 });
  expect(planFloor(floor, [coming], now).missing).toBe(1);
  expect(planFloor(floor, [recordOf({ ...owned, state: "created" })], now).missing).toBe(2);
});

test("those of another partition, class, architecture or usage class, and those past their threshold, do not count", () => {
  const others = [
    recordOf({ partition: "github:acme/docs" }),
    recordOf({ resourceClass: "xlarge" }),
    recordOf({ architecture: "arm64" }),
    recordOf({ usageClass: "spot" }),
    recordOf({ threshold: now }),
  ];
  expect(planFloor(floor, others, now)).toEqual({ extend: [], missing: 2 });
});

test("only the floor's own number is extended, and only when little is left: the rest ends by itself", () => {
  const near = limits.floorExtendMs - 1;
  const plan = planFloor(floor, [idle("i-a", near - 1), idle("i-b", near - 2), idle("i-c", near - 3)], now);
  expect(plan.extend.map(({ instanceId }) => instanceId)).toEqual(["i-a", "i-b"]);
  expect(plan.missing).toBe(0);
  expect(planFloor(floor, [idle("i-a", limits.floorExtendMs), idle("i-b", near)], now).extend).toHaveLength(1);
});

test("each partition has its floors, of the usage class that the class has; an unknown class has none", () => {
  const floors = floorsOf({
    ...configuration,
    idleFloors: { "large/x64": 1, "xlarge/arm64/on-demand": 2, "huge/x64": 3, "large/arm64": 0 },
  });
  expect(
    floors.map(({ partition, resourceClass, usageClass, count }) => [partition, resourceClass, usageClass, count]),
  ).toEqual([
    ["github:acme/shop", "large", configuration.usageClass, 1],
    ["github:acme/shop", "xlarge", "on-demand", 2],
    ["github:acme/docs", "large", configuration.usageClass, 1],
    ["github:acme/docs", "xlarge", "on-demand", 2],
  ]);
  const classes = { large: { usageClass: "on-demand" as const } };
  const [own] = floorsOf({ ...configuration, classes, idleFloors: { "large/x64": 1 } });
  expect(own?.usageClass).toBe("on-demand");
});

/** Runs a refresh of a calm world, and gives its report with the environment's counter after it. */
async function refreshed(world: CalmWorld) {
  return await world.does("refresh", async (ports) => ({
    report: await refresh(ports),
    counter: (await ports.settings.counter("environment"))?.count,
  }));
}

test("what becomes idle in a refresh counts at once: none too many is created, and the counters say what there is", async () => {
  const world = calmWorld({ idleFloors: { "large/x64": 2 } });
  // One floor in each of the two partitions.
  expect((await refreshed(world)).report.floor).toEqual({ extended: 0, created: 4 });
  await world.time.run(world.time.now() + limits.refreshMs);
  const second = await refreshed(world);
  expect(second.report.findings.filter(({ kind }) => kind === "park")).toHaveLength(4);
  expect(second.report.floor.created).toBe(0);
  expect(second.counter).toBe(4);
  expect(world.table.all().map(({ state }) => state)).toEqual(["idle", "idle", "idle", "idle"]);
});

test("a floor that is asked for twice in one period gets the same machines, and holds one place each", async () => {
  const world = calmWorld({ idleFloors: { "large/x64": 2 } });
  // Asked for with the very same records seen: the second gets the first's machines by its client tokens.
  const floors = (ports: ControlPorts) =>
    keepFloors(ports, { ...configuration, idleFloors: { "large/x64": 2 } }, [], false);
  const both = await Promise.all([world.does("first", floors), world.does("second", floors)]);
  expect(world.table.all()).toHaveLength(4);
  expect(both.map(({ problems }) => problems)).toEqual([[], []]);
  // Before any recount could mend it.
  expect((await world.does("look", (ports) => ports.settings.counter("environment")))?.count).toBe(4);
});
