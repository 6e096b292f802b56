// The brake: what is lost on its way every time is bought no more, whoever asks; one that comes up, another make, or time releases it.
import { describe, expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { brakeOn, brakesOf } from "../../domain/brake.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { agentOf, calmWorld, repository, requestOf, type CalmWorld, problemsIn } from "./calm-world.ts";
import { now, recordOf } from "./record-of.ts";

const minute = 60_000;
const pass = (world: CalmWorld, ms: number): Promise<void> => world.time.run(world.time.now() + ms);

/** A world whose machines boot and never say a word, until they are mended. */
function withBadImage(floor?: number) {
  const image = { bad: true };
  const world = calmWorld(floor === undefined ? {} : { idleFloors: { "large/x64/spot": floor } }, (...machine) =>
    image.bad ? new Promise(() => {}) : agentOf(...machine),
  );
  return { world, image };
}

/** Refreshes in each period of so many hours; what the last one said. */
async function refreshed(world: CalmWorld, hours: number) {
  for (const until = world.time.now() + hours * 60 * minute; ;) {
    const report = await world.does("refresh", (ports) => refresh(ports));
    if (world.time.now() >= until) return report;
    await pass(world, limits.refreshMs);
  }
}

test.for([
  [1, 6],
  [4, 12],
  [8, 16],
])(
  "an idle floor of %i, in two partitions, buys %i machines a partition at most in almost two hours, and says why",
  async ([floor = 0, most = 0]) => {
    const { world } = withBadImage(floor);
    const report = await refreshed(world, 1.9);
    expect(world.machines.all().length).toBeLessThanOrEqual(2 * most);
    if (floor < maxima.failedLaunches - 1) return;
    expect(report.brakes.map(({ partition, lost }) => [partition, lost >= maxima.failedLaunches])).toEqual([
      ["github:acme/docs", true],
      ["github:acme/shop", true],
    ]);
    expect(report.problems).toHaveLength(2);
    for (const problem of problemsIn(report)) expect(problem).toMatch(/none came up: not launching more until/);
  },
);

test("what a floor has lost, a provision does not buy again; nor does a re-run", async () => {
  const { world } = withBadImage(8);
  await refreshed(world, 0.5);
  const bought = world.launches();
  const outcome = await world.does("provision", (ports) => provision(ports, requestOf({ usageClass: "spot" })));
  expect(outcome).toMatchObject({
    kind: "failed",
    reasons: [{ code: "braked", brake: { lost: 8, resourceClass: "large", architecture: "x64" } }],
  });
  expect(world.launches()).toBe(bought);
});

test("a re-run whose machines never come up buys five, and no more", async () => {
  const { world, image } = withBadImage();
  image.bad = false;
  await refreshed(world, 0);
  await world.does("provision", (ports) => provision(ports, requestOf()));
  await pass(world, 2 * 60 * minute);
  await refreshed(world, 0);
  const good = world.machines.all().length;
  // Another image, which no machine has come up with.
  world.words.overlay = { images: { x64: "ami-00000000000000bad" } };
  image.bad = true;
  world.forge.queue({ scope: repository, runId: "1001", attempt: 2, labels: ["1001"], durationMs: 1000 });
  await pass(world, minute);
  const report = await refreshed(world, 2.2);
  expect(world.machines.all().length - good).toBeLessThanOrEqual(maxima.failedLaunches);
  expect(report.brakes).toHaveLength(1);
});

test("it is released at once by another image, and after a while by itself", async () => {
  const { world, image } = withBadImage(8);
  await refreshed(world, 0.5);
  const bad = world.machines.all().length;
  await refreshed(world, 0.25);
  expect(world.machines.all()).toHaveLength(bad);
  image.bad = false;
  world.words.overlay = { images: { x64: "ami-00000000000000000" } };
  const other = await refreshed(world, 0);
  expect(world.machines.all()).toHaveLength(bad + 16);
  expect(other.floor.created).toBe(16);
  world.words.overlay = {};
  await refreshed(world, limits.brakeMs / (60 * minute));
  expect((await refreshed(world, 0)).brakes).toEqual([]);
});

describe("of records", () => {
  const lost = (at: number, part: Parameters<typeof recordOf>[0] = {}) =>
    recordOf({ state: "terminated", launchedAt: now - at * minute, ...part });
  const five = [1, 2, 3, 4, 5].map((at) => lost(at));

  test("five that were lost on their way are too many, four are not", () => {
    expect(brakesOf(five, now)).toMatchObject([{ lost: 5, until: now - minute + limits.brakeMs, imageId: "ami-1" }]);
    expect(brakesOf(five.slice(1), now)).toEqual([]);
    expect(brakesOf(five, now - minute + limits.brakeMs)).toEqual([]);
  });

  test("a pre-runner script that fails is a loss, one that was asked to leave before is none", () => {
    expect(
      brakesOf(
        five.map((one) => ({ ...one, ...recordOf({ ...one, said: "prepare-failed" }) })),
        now,
      ),
    ).toHaveLength(1);
    expect(
      brakesOf(
        five.map((one) => ({ ...one, wanted: "leave" as const })),
        now,
      ),
    ).toEqual([]);
    expect(
      brakesOf(
        five.map((one) => ({ ...one, state: "created" as const })),
        now,
      ),
    ).toEqual([]);
  });

  test("one that has come up since releases it, one before does not", () => {
    const up = (at: number) => lost(at, { said: "prepared" });
    expect(brakesOf([...five, up(0)], now)).toEqual([]);
    expect(brakesOf([...five, up(3)], now)).toEqual([]);
    expect(brakesOf([...five, up(6)], now)).toHaveLength(1);
  });

  test.for([
    ["partition", "github:acme/docs"],
    ["resourceClass", "xlarge"],
    ["architecture", "arm64"],
    ["imageId", "ami-2"],
    ["templateVersion", "2"],
    ["configHash", "another"],
  ] as const)("another %s is another make: losses of it do not count, and it is bought", ([name, value]) => {
    expect(brakesOf([...five.slice(1), { ...(five[0] as (typeof five)[0]), [name]: value }], now)).toEqual([]);
    const brakes = brakesOf(five, now);
    expect(brakeOn(brakes, five[0] as (typeof five)[0], now)?.lost).toBe(5);
    expect(brakeOn(brakes, { ...(five[0] as (typeof five)[0]), [name]: value }, now)).toBeUndefined();
  });
});

test("launches that lie ahead, which only somebody who means harm writes, are no moment to wait until", () => {
  const lost = Array.from({ length: maxima.failedLaunches }, (_, index) =>
    recordOf({ key: `arn:${index}`, state: "terminated", wanted: "serve", launchedAt: 1e60 }),
  );
  expect(brakesOf(lost, now)).toEqual([]);
});

test("one that came up is known by its last signal, when its condemned record holds no other", () => {
  const lost = Array.from({ length: maxima.failedLaunches }, (_, index) =>
    recordOf({ key: `arn:${index}`, state: "terminated", wanted: "serve", launchedAt: now - 60_000 }),
  );
  expect(brakesOf(lost, now)).toHaveLength(1);
  const lastSignal = { kind: "registered", rank: 4, assignment: 1, at: now } as const;
  expect(brakesOf([...lost, recordOf({ state: "terminated", launchedAt: now - 30_000, lastSignal })], now)).toEqual([]);
});
