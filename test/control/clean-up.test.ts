// After a kill: nothing of the provision is owned, and what it bought without a record is ended.
import { expect, test } from "vitest";
import { isAlive } from "../world/machine.ts";
import { cleanUp } from "../../control/runs/clean-up.ts";
import { provision } from "../../control/runs/provision.ts";
import { refreshedWorld, requestOf } from "./calm-world.ts";

const name = { runId: "1001", attempt: 1, provisionId: "provision" };

test("whenever a provision dies, the clean-up leaves nothing of it", async () => {
  let unrecorded = 0;
  for (let diesAt = 10; diesAt <= 300; diesAt += 10) {
    const world = await refreshedWorld();
    const { ports, process } = world.process("main");
    void provision(ports, requestOf({ instanceCount: "3" }));
    await world.time.run(world.time.now() + diesAt);
    process.kill();
    // What it has sent still arrives.
    await world.time.run(world.time.now() + 1000);
    unrecorded += world.machines.all().length - world.table.all().length;
    await world.does("post", async (ports) => {
      const { configuration } = await ports.settings.load();
      return await cleanUp(ports, configuration, name);
    });
    const owned = world.table.all().filter(({ owner, wanted }) => owner !== undefined && wanted === "serve");
    expect(owned, `died at ${diesAt}`).toEqual([]);
    const recorded = new Set(world.table.all().map(({ instanceId }) => instanceId));
    const stray = world.machines.all().filter((one) => isAlive(one) && !recorded.has(one.instanceId));
    expect(
      stray.map(({ instanceId }) => instanceId),
      `died at ${diesAt}`,
    ).toEqual([]);
  }
  expect(unrecorded).toBeGreaterThan(0);
});

test("machines of other provisions are left alone", async () => {
  const world = await refreshedWorld();
  await world.does("other", (ports) => provision(ports, requestOf({ name: "other" })));
  await world.does("post", async (ports) => {
    const { configuration } = await ports.settings.load();
    return await cleanUp(ports, configuration, name);
  });
  expect(world.table.all().map(({ state, wanted }) => [state, wanted])).toEqual([["running", "serve"]]);
});

test("a machine whose record cannot be read has one: it is left alone", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  const [machine] = world.machines.all();
  if (machine === undefined) throw new Error("nothing was launched");
  world.table.forge(machine.key, { ...world.table.get(machine.key), schema: 99 }, "a newer runpool");
  const cleaned = await world.does("post", async (ports) => {
    const { configuration } = await ports.settings.load();
    return await cleanUp(ports, configuration, name);
  });
  expect([cleaned.ended, isAlive(machine)]).toEqual([[], true]);
});
