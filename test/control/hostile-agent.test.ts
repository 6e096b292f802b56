// Each single thing that an agent which was taken over may write: refresh goes on, other runs are served, its machine ends, nothing is left.
import { runOf } from "../../domain/owner.ts";
import { expect, test } from "vitest";
import { beat, play, seize, tricks, type Trick } from "../world/hostile-agent.ts";
import { isAlive, type Machine } from "../world/machine.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { limits } from "../../domain/limits.ts";
import { lookIntoEveryQueue } from "../simulation/leftovers.ts";
import { nothingLeft } from "../simulation/promises.ts";
import { type CalmWorld, refreshedWorld, requestOf, wordsIn } from "./calm-world.ts";

const minute = 60_000;

const machinesOf = (world: CalmWorld, runId: string): Machine[] =>
  world.table
    .all()
    .filter(({ owner }) => runOf(owner)?.runId === runId)
    .map(({ key }) => world.machines.byKey(key) as Machine);

/** Run 1001 holds two machines, run 1002 one; two have been released, and idle. */
async function served(): Promise<CalmWorld> {
  const world = await refreshedWorld();
  const take = (runId: string, instanceCount: string) =>
    world.does(`run ${runId}/1 provision`, (ports) => provision(ports, requestOf({ runId, instanceCount })));
  await Promise.all([take("1001", "2"), take("1002", "1")]);
  await take("1003", "2");
  await world.does("run 1003/1 release", (ports) => release(ports, { runId: "1003", attempt: 1 }));
  return world;
}

async function refreshed(world: CalmWorld, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const { problems } = await world.does("refresh", (ports) => refresh(ports));
    // What it cannot make of one item may be said; that anything else failed may not.
    const others = problems.filter((problem) => !hostileIds(world).some((id) => JSON.stringify(problem).includes(id)));
    expect(others).toEqual([]);
    await world.time.run(world.time.now() + limits.refreshMs);
  }
}
const hostileIds = (world: CalmWorld): string[] =>
  world.machines.all().flatMap(({ taken, instanceId }) => (taken === undefined ? [] : [instanceId]));

async function hit(one: Trick, beats: boolean): Promise<CalmWorld> {
  const world = await served();
  const idle = world.table.all().find(({ state }) => state === "idle");
  const victims = [machinesOf(world, "1001")[0], world.machines.byKey(idle?.key ?? "")];
  for (const machine of victims) {
    if (machine === undefined) throw new Error("no machine to take over");
    seize(machine);
    play(world, machine, one, world.chance);
    if (beats) beat(world, machine);
  }
  return world;
}

/** Every trick by a machine that looks alive, and by one that is silent. */
const cases = tricks.flatMap((one) =>
  [true, false].map((beats) => [one.name, beats ? "beating" : "silent", one] as const),
);

test.each(cases)("%s, %s: nobody else notices, and nothing is left", async (_name, looks, one) => {
  const world = await hit(one, looks === "beating");
  const begun = world.time.now();
  await refreshed(world, 1);
  // Somebody else's provision, in the pool that a hostile one may still be in.
  const other = await world.does("run 1004/1 provision", (ports) =>
    provision(ports, requestOf({ runId: "1004", instanceCount: "3" })),
  );
  // One that says it registers is believed for as long as the provision lasts: GitHub may be slow. Then it ends with the reason.
  const believed = looks === "beating" && one.name === "forged for what comes next: registering";
  if (other.kind === "ready") expect(other.readyMs).toBeLessThan(4 * minute);
  else expect(believed ? wordsIn(other).join() : "not ready").toContain("last signal: registering");
  // Those of the others serve for as long as they may.
  const innocent = [...machinesOf(world, "1002"), ...machinesOf(world, "1004")].filter(
    ({ taken }) => taken === undefined,
  );
  expect(innocent.length).toBeGreaterThan(0);
  await world.time.run(begun + 20 * minute);
  expect(innocent.filter((machine) => !isAlive(machine)).map(({ reason }) => reason)).toEqual([]);
  // Beyond every threshold that any of them has.
  await world.time.run(begun + limits.maxRuntimeMs + 5 * minute);
  await refreshed(world, 5);
  expect(
    world.machines
      .all()
      .filter(isAlive)
      .map(({ instanceId, reason }) => `${instanceId} ${reason}`),
  ).toEqual([]);
  await world.time.settle(lookIntoEveryQueue(world));
  nothingLeft(world);
  expect(world.checks.violations).toEqual([]);
});
