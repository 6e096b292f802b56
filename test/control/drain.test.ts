// A drain: what it asks to leave is not bought again, and where it waits it ends with EC2's word.
import { expect, test } from "vitest";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import type { Pause } from "../../cloud/ports/settings.ts";
import { drain } from "../../control/operate/drain.ts";
import { provision, type Provisioned } from "../../control/runs/provision.ts";
import { release } from "../../control/runs/release.ts";
import type { ControlPorts } from "../world/world.ts";
import { limits } from "../../domain/limits.ts";
import { type CalmWorld, refreshedWorld, requestOf, wordsIn } from "./calm-world.ts";

const minute = 60_000;

/** Two that serve run 1001, which is over. */
async function idling(): Promise<CalmWorld> {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "2" })));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  return world;
}

const switchOf = (world: CalmWorld) => ({
  pause: async (paused: Pause) => void (world.words.paused = paused),
  resume: async () => undefined,
});

/** A drain that waits, on a fleet that is changed so. */
const drained = (world: CalmWorld, changed: (ports: ControlPorts) => Partial<Fleet> = () => ({})) =>
  world.does("drain", (ports) =>
    drain(
      { ...ports, fleet: { ...ports.fleet, ...changed(ports) }, pauseSwitch: switchOf(world) },
      { reason: "moving", wait: true },
    ),
  );

test("a drain that waits asks EC2 again where it did not take the word, and ends with EC2's that no machine is left", async () => {
  const world = await idling();
  let asked = 0;
  const outcome = await drained(world, ({ fleet }) => ({
    terminate: async (ids) =>
      asked++ === 0 ? new Map(ids.map((id) => [id, "throttled"])) : await fleet.terminate(ids),
  }));
  expect(outcome.leaving).toEqual([]);
  expect(outcome.ended).toHaveLength(2);
  expect(world.machines.all().map(({ state }) => state)).toEqual(["terminated", "terminated"]);
});

test("a machine that EC2 does not end is told of, and waited for no longer than it may take", async () => {
  const world = await idling();
  // Nor do their agents.
  for (const machine of world.machines.all()) machine.hung = true;
  const began = world.time.now();
  const outcome = await drained(world, () => ({ terminate: async () => new Map() }));
  expect(outcome.leaving.toSorted()).toEqual(
    world.machines
      .all()
      .map(({ instanceId }) => instanceId)
      .toSorted(),
  );
  expect(world.time.now() - began).toBeLessThan(limits.bootMs + limits.terminateMs + minute);
});

test("a machine that a provision was launching as it was paused is waited for, until it has been recorded and ended", async () => {
  const world = await refreshedWorld();
  const { ports } = world.process("provision");
  // Its record comes a minute after its machine.
  const move: typeof ports.instances.move = async (name, ...rest) => {
    if (name === "create") await ports.clock.sleep(minute);
    return await ports.instances.move(name, ...rest);
  };
  void provision({ ...ports, instances: { ...ports.instances, move } }, requestOf());
  while (world.machines.all().length === 0) await world.time.run(world.time.now() + 100);
  const outcome = await drained(world);
  expect([outcome.ended.length, outcome.leaving]).toEqual([1, []]);
  expect(world.machines.all().map(({ state }) => state)).toEqual(["terminated"]);
});

test("a provision on its way buys no other machines than those that a drain ends, and says that provisioning is paused", async () => {
  const world = await refreshedWorld();
  let outcome: Provisioned | undefined;
  const whole = provision(world.process("provision").ports, requestOf({ instanceCount: "2" })).then((end) => {
    outcome = end;
  });
  await world.time.run(world.time.now() + 5_000);
  await drained(world);
  await world.time.settle(whole);
  expect(world.machines.all()).toHaveLength(2);
  expect(outcome?.kind).toBe("failed");
  expect(outcome === undefined ? "" : wordsIn(outcome).join("\n")).toContain("provisioning is paused: moving");
});
