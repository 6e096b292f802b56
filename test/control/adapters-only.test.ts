// Refresh over states that only real services bring about: what it leaves alone, what it ends, and what the counters say afterwards.
import { expect, test } from "vitest";
import { isAlive } from "../world/machine.ts";
import type { ControlPorts } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { environmentCounter, partitionCounter } from "../../domain/names.ts";
import { limits } from "../../domain/limits.ts";
import { type CalmWorld, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;
const pass = (world: CalmWorld, ms: number): Promise<void> => world.time.run(world.time.now() + ms);

async function provisioned(instanceCount: number): Promise<CalmWorld> {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: String(instanceCount) })));
  return world;
}

const scopes = [environmentCounter, partitionCounter(`github:${repository}`)];
const countsOf = ({ words }: CalmWorld): readonly unknown[] => scopes.map((scope) => words.counters.get(scope));

/** A refresh that mends no counter: what it has written itself is to be seen. */
const refreshed = (world: CalmWorld, change: (ports: ControlPorts) => Partial<ControlPorts> = () => ({})) =>
  world.does("refresh", (ports) =>
    refresh({ ...ports, settings: { ...ports.settings, recount: async () => undefined }, ...change(ports) }),
  );

test("a machine whose record cannot be read keeps its job and its place, far beyond its boot limit", async () => {
  const world = await provisioned(1);
  const [machine] = world.machines.all();
  if (machine === undefined) throw new Error("nothing was launched");
  const labels = ["1001"];
  const job = world.forge.queue({ scope: repository, runId: "1001", attempt: 1, labels, durationMs: 20 * minute });
  await pass(world, 10_000);
  world.table.forge(machine.key, { ...world.table.get(machine.key), schema: 99 }, "a newer runpool");
  for (const until = world.time.now() + 15 * minute; world.time.now() < until; await pass(world, limits.refreshMs)) {
    const { findings, damaged } = await world.does("refresh", (ports) => refresh(ports));
    expect(findings).toEqual([]);
    expect(damaged.map(({ key }) => key)).toEqual([machine.key]);
  }
  expect([isAlive(machine), job.state, countsOf(world)]).toEqual([true, "running", [1, 1]]);
  await pass(world, 6 * minute);
  expect(job.state).toBe("done");
});

test("a stopped machine is condemned, holds its place until EC2 has ended it, and then frees it once", async () => {
  const world = await provisioned(2);
  const [machine] = world.machines.all();
  if (machine === undefined) throw new Error("nothing was launched");
  machine.state = "stopped";
  await refreshed(world, ({ fleet }) => ({ fleet: { ...fleet, terminate: async () => new Map() } }));
  expect([world.table.get(machine.key)?.state, countsOf(world)]).toEqual(["terminating", [2, 2]]);
  for (let refreshes = 0; refreshes < 3; refreshes++) {
    await pass(world, limits.refreshMs);
    await refreshed(world);
  }
  expect([world.table.get(machine.key)?.state, countsOf(world)]).toEqual(["terminated", [1, 1]]);
  // In seconds, as the table's TTL takes it.
  const left = (world.table.get(machine.key)?.expiresAt ?? 0) * 1000 - world.time.now();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(limits.terminatedKeptMs);
});

test("machines that end at once free a place each", async () => {
  const world = await provisioned(3);
  for (const machine of world.machines.all().slice(1)) world.machines.end(machine, "Server.InternalError");
  await pass(world, 5 * minute);
  await refreshed(world);
  expect(countsOf(world)).toEqual([1, 1]);
});

test("a confirm that another refresh has made meanwhile frees no place a second time", async () => {
  const world = await provisioned(3);
  for (const machine of world.machines.all().slice(1)) world.machines.end(machine, "Server.InternalError");
  await pass(world, 5 * minute);
  await refreshed(world, ({ instances, settings }) => {
    const moveAll: typeof instances.moveAll = async (name, moves) => {
      if (name === "confirm") {
        await instances.moveAll(name, moves);
        await settings.free(moves.length, scopes);
      }
      return await instances.moveAll(name, moves);
    };
    return { instances: { ...instances, moveAll } };
  });
  expect(world.table.all().filter(({ state }) => state === "terminated")).toHaveLength(2);
  expect(countsOf(world)).toEqual([1, 1]);
});

test("an idle instance whose message is lost is sent again, though others of its class have theirs", async () => {
  const world = await provisioned(2);
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  const queue = world.queues.get("large");
  for (const message of [...(queue ?? [])].slice(0, 1)) queue?.delete(message);
  expect(queue?.size).toBe(1);
  expect((await refreshed(world)).requeued).toBe(2);
  expect(queue?.size).toBeGreaterThanOrEqual(2);
});
