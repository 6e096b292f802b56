// Refresh goes over many things: one that fails is a problem of its own, and the others are seen to.
import { expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { refresh, type RefreshReport } from "../../control/refresh/refresh.ts";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import type { ControlPorts } from "../world/world.ts";
import { calmWorld, type CalmWorld, problemsIn, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;

/** Three that serve and are past their thresholds, with machines that do not end by themselves. */
async function expired() {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "3" })));
  for (const machine of world.machines.all()) machine.hung = true;
  await world.time.run(world.time.now() + 31 * minute);
  return world;
}
const refreshed = (world: CalmWorld, change: (ports: ControlPorts) => ControlPorts): Promise<RefreshReport> =>
  world.does("refresh", (ports) => refresh(change(ports)));
const states = (world: CalmWorld): readonly string[] =>
  world.table
    .all()
    .map(({ state }) => state)
    .toSorted();

test("a record that cannot be judged keeps no other from being condemned", async () => {
  const world = await expired();
  const [first] = world.table.all();
  const report = await refreshed(world, (ports) => ({
    ...ports,
    instances: {
      ...ports.instances,
      all: async () => {
        const found = await ports.instances.all();
        const items = found.items.map((record) =>
          record.key === first?.key
            ? Object.defineProperty({ ...record }, "retiredAt", {
                get: () => {
                  throw new Error("a mistake of ours");
                },
              })
            : record,
        );
        return { ...found, items };
      },
    },
  }));
  expect(problemsIn(report)).toContain(`${first?.instanceId}: a mistake of ours`);
  expect(states(world)).toEqual(["running", "terminating", "terminating"]);
});

test("a batch that AWS refuses as a whole is condemned one by one, and what stays refused is ended at EC2 once it is long past", async () => {
  const world = await expired();
  const [first] = world.table.all();
  const refusing = (ports: ControlPorts): ControlPorts => ({
    ...ports,
    instances: {
      ...ports.instances,
      moveAll: async (move, moves) => {
        if (moves.some(({ ref }) => ref.key === first?.key))
          throw new AwsRefused("UpdateItem", "ValidationException", "whatever it holds");
        return await ports.instances.moveAll(move, moves);
      },
    },
  });
  const report = await refreshed(world, refusing);
  expect(problemsIn(report)).toEqual([expect.stringContaining(`${first?.instanceId}: AWS refused UpdateItem`)]);
  expect(states(world)).toEqual(["running", "terminating", "terminating"]);
  // Its margin is over: the machine goes, whatever becomes of the record.
  await world.time.run(world.time.now() + 15 * minute);
  const { findings } = await refreshed(world, refusing);
  expect(findings).toContainEqual(
    expect.objectContaining({ kind: "end-overdue", instanceId: first?.instanceId, done: true }),
  );
  const machine = world.machines.all().find(({ key }) => key === first?.key);
  expect(machine?.state).not.toBe("running");
});

test("a floor that cannot be kept keeps no other from being kept", async () => {
  const world = calmWorld({ idleFloors: { "large/x64": 1, "xlarge/x64": 1 } });
  const report = await refreshed(world, (ports) => ({
    ...ports,
    settings: {
      ...ports.settings,
      reserve: (() => {
        let asked = 0;
        return async (count, scopes) => {
          asked += 1;
          if (asked === 1) throw new Error("no answer");
          return await ports.settings.reserve(count, scopes);
        };
      })(),
    },
  }));
  expect(report.problems).toEqual([{ code: "failed", part: "idle floor", of: "large", error: "no answer" }]);
  expect(world.table.all().length).toBeGreaterThan(0);
});

test("a counter that cannot be written keeps no other from being set right", async () => {
  const world = await refreshedWorld();
  const scopes = ["environment", `partition#github:${repository}`].map((name) => ({ name, maximum: 20 }));
  await world.does("killed provision", (ports) => ports.settings.reserve(2, scopes));
  const report = await refreshed(world, (ports) => ({
    ...ports,
    settings: {
      ...ports.settings,
      recount: async (scope, seen, counted) => {
        if (scope === "environment") throw new Error("no answer");
        await ports.settings.recount(scope, seen, counted);
      },
    },
  }));
  expect(report.problems).toEqual([{ code: "failed", part: "recount", error: "no answer" }]);
  const counts = await world.does("look", (ports) =>
    Promise.all(scopes.map(async ({ name }) => (await ports.settings.counter(name))?.count)),
  );
  expect(counts).toEqual([2, 0]);
});
