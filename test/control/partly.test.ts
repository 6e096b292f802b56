// Provisions that succeed in part: fewer places than wanted, machines that are another's by now, one that is lost at the last moment.
import { runOwner, type RunOwner } from "../../domain/owner.ts";
import { expect, test } from "vitest";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import type { ControlPorts } from "../world/world.ts";
import { create, newRounds } from "../../control/pool/creation.ts";
import { provision } from "../../control/runs/provision.ts";
import { recordMachine } from "../../control/pool/record-machine.ts";
import type { DemandContext } from "../../control/pool/demand-context.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import type { Request } from "../../domain/request.ts";
import { contextFor, refreshedWorld, requestOf, wordsIn } from "./calm-world.ts";
import { owned, recordOf } from "./record-of.ts";

const opening = async (ports: ControlPorts, request: Request): Promise<DemandContext> =>
  contextFor(ports, (await ports.settings.load()).configuration, request);

test("what others take while it creates leaves room for fewer: with what it has, all of that room is used", async () => {
  const world = await refreshedWorld({ maxInstances: 6 });
  const other = world.process("other").ports;
  const created = await world.does("create", async (ports) => {
    let launches = 0;
    // Two of five at first; meanwhile others take two of the four places that are left.
    const launch: Fleet["launch"] = async (order) => {
      if (launches++ > 0) return await ports.fleet.launch(order);
      const outcome = await ports.fleet.launch({ ...order, count: 2 });
      await other.settings.reserve(2, [{ name: "environment", maximum: 99 }]);
      const none = { kind: "no-capacity", reason: "InsufficientInstanceCapacity" } as const;
      return outcome.kind === "answered" ? { ...outcome, failures: [none] } : outcome;
    };
    const changed = { ...ports, fleet: { ...ports.fleet, launch } };
    const context = await opening(changed, requestOf({ instanceCount: "5", minCount: "1" }));
    return await create(context, 5, newRounds(), () => undefined);
  });
  expect([created.taken.length, created.full]).toEqual([4, "environment"]);
  expect(world.words.counters.get("environment")).toBe(6);
});

test("a machine of a round that is entered again, which another owner has by now, is left to that one", async () => {
  const world = await refreshedWorld();
  const recorded = await world.does("record", async (ports) => {
    const own = await opening(ports, requestOf());
    const record = recordOf({
      ...owned,
      state: "running",
      labels: ["1001", "1001-large", "1001-x64"],
      threshold: ports.clock.now() + 60_000,
    });
    const instances: ControlPorts["instances"] = {
      ...ports.instances,
      move: async () => ({ kind: "refused", why: "exists", record }),
    };
    const { instanceId, instanceType, usageClass, cpu, mmem, zone } = record;
    const launched = { instanceId, instanceType, usageClass, cpu, mmem, zone };
    const world = { ...ports, instances };
    const judged = async (owner: RunOwner) =>
      await recordMachine({ ...own, world, demand: { ...own.demand, owner } }, launched, "ami-1", "1");
    return [await judged(runOwner("1001", 1, "provision")), await judged(runOwner("7", 1, "ci"))];
  });
  expect(recorded.map(({ taken, known }) => [taken?.claimId, known])).toEqual([
    [undefined, true],
    ["mine", true],
  ]);
});

test("one that loses its listener before the commit is asked to leave: no job is to land where nobody counts on it", async () => {
  const world = await refreshedWorld();
  let lost: string | undefined;
  const outcome = await world.does("provision", (ports) => {
    const read: ControlPorts["instances"]["read"] = async (keys) => {
      const found = await ports.instances.read(keys);
      const items = found.items.map((record) => {
        if (lost !== undefined || record.signal?.kind !== "registered") return record;
        lost = record.instanceId;
        return { ...record, signal: signalOf("listener-lost", record.assignment, ports.clock.now()) };
      });
      return { ...found, items };
    };
    return provision({ ...ports, instances: { ...ports.instances, read } }, requestOf({ instanceCount: "2" }));
  });
  if (outcome.kind !== "ready") throw new Error(wordsIn(outcome).join("\n"));
  expect(outcome.instances.map(({ instanceId }) => instanceId)).not.toContain(lost);
  const record = world.table.all().find(({ instanceId }) => instanceId === lost);
  expect([record?.wanted, record?.owner]).toEqual(["leave", "github:run:1001:1:provision"]);
});

test("a round that is asked for again, its records being there already, holds no place twice", async () => {
  const world = await refreshedWorld();
  const request = requestOf({ instanceCount: "3" });
  const { ports, process } = world.process("killed");
  void provision(ports, request);
  while (world.table.all().length < 3) await world.time.run(world.time.now() + 50);
  process.kill();
  const outcome = await world.does("again", (its) => {
    // The owner index lags: it shows nothing yet.
    const ofGroup = async () => ({ items: [], damaged: [] });
    return provision({ ...its, instances: { ...its.instances, ofGroup } }, request);
  });
  expect(outcome).toMatchObject({ kind: "ready", created: 3 });
  expect(world.machines.all()).toHaveLength(3);
  expect(world.words.counters.get("environment")).toBe(3);
});
