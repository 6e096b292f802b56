// Floors by the clock are a level, not an edge: refresh brings about what the schedule that came last says, whoever woke it.
import { expect, test } from "vitest";
import { refresh } from "../../control/refresh/refresh.ts";
import { calmWorld, type CalmWorld } from "./calm-world.ts";

const hour = 60 * 60_000;
// A world begins on 5 January 2026, a Monday, at 08:00 UTC.
const schedules = [
  { name: "morning", cron: "cron(0 7 ? * MON-FRI *)", timezone: "UTC", idleFloors: { "large/x64": 2 } },
  { name: "evening", cron: "cron(0 19 ? * MON-FRI *)", timezone: "UTC", idleFloors: { "large/x64": 1 } },
];
const opened = (): CalmWorld => calmWorld({ schedules, idleFloors: { "large/x64": 3 } });
const refreshed = (world: CalmWorld, dryRun = false) => world.does("refresh", (ports) => refresh(ports, { dryRun }));
/** Epoch ms of an hour of the world's first day. */
const at = (world: CalmWorld, hours: number): number =>
  Math.floor(world.time.now() / (24 * hour)) * 24 * hour + hours * hour;
const floors = ({ words }: CalmWorld) => words.overlay.idleFloors;

test("a first deployment in the middle of the day has the floors of the schedule before it", async () => {
  const world = opened();
  await world.time.run(at(world, 12));
  expect((await refreshed(world, true)).floor.created).toBe(4);
  expect(floors(world)).toBeUndefined();
  expect((await refreshed(world)).floor.created).toBe(4);
  expect(floors(world)).toEqual({ "large/x64": 2 });
});

test("a schedule whose event is lost is followed by the next refresh", async () => {
  const world = opened();
  await world.time.run(at(world, 12));
  await refreshed(world);
  await world.time.run(at(world, 19) - 60_000);
  await refreshed(world);
  expect(floors(world)).toEqual({ "large/x64": 2 });
  await world.time.run(at(world, 19) + 4 * 60_000);
  await refreshed(world);
  expect(floors(world)).toEqual({ "large/x64": 1 });
});

test("what an operator writes holds until the next schedule, and a schedule leaves all else that he wrote", async () => {
  const world = opened();
  await world.time.run(at(world, 12));
  await refreshed(world);
  world.words.overlay = {
    ...world.words.overlay,
    idleFloors: { "large/x64": 0 },
    idleMs: 120_000,
    preRunnerScript: "true",
  };
  await refreshed(world);
  expect(floors(world)).toEqual({ "large/x64": 0 });
  await world.time.run(at(world, 20));
  await refreshed(world);
  expect(world.words.overlay).toMatchObject({
    idleFloors: { "large/x64": 1 },
    idleMs: 120_000,
    preRunnerScript: "true",
  });
});

test("a deployment that changes what the schedule of the hour says is followed at once", async () => {
  const world = opened();
  await world.time.run(at(world, 12));
  await refreshed(world);
  const [morning, evening] = schedules;
  if (world.words.defaults === undefined || morning === undefined || evening === undefined)
    throw new Error("no schedules");
  world.words.defaults = {
    ...world.words.defaults,
    schedules: [{ ...morning, idleFloors: { "large/x64": 4 } }, evening],
  };
  await refreshed(world);
  expect(floors(world)).toEqual({ "large/x64": 4 });
});

test("schedules that are taken out leave no floor of theirs; what an operator wrote over it stays", async () => {
  const withoutSchedules = (world: CalmWorld): void => {
    const { schedules: _, ...rest } = world.words.defaults ?? {};
    world.words.defaults = rest as NonNullable<typeof world.words.defaults>;
  };
  const world = opened();
  await world.time.run(at(world, 12));
  await refreshed(world);
  world.words.overlay = { ...world.words.overlay, idleMs: 120_000 };
  withoutSchedules(world);
  await refreshed(world);
  // The deployed floor, 3, counts again.
  expect(world.words.overlay).toEqual({ idleMs: 120_000 });
  expect((await refreshed(world)).problems).toEqual([]);
  const another = opened();
  await another.time.run(at(another, 12));
  await refreshed(another);
  another.words.overlay = { ...another.words.overlay, idleFloors: { "large/x64": 0 } };
  withoutSchedules(another);
  await refreshed(another);
  expect(another.words.overlay).toEqual({ idleFloors: { "large/x64": 0 } });
});
