// Refresh's dry run tells what a real one then does.
import { expect, test } from "vitest";
import type { ControlPorts } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh, type RefreshReport } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { limits } from "../../domain/limits.ts";
import { calmWorld, type CalmWorld, problemsIn, refreshedWorld, repository, requestOf } from "./calm-world.ts";

type Change = (ports: ControlPorts) => ControlPorts;
const same: Change = (ports) => ports;

/** What a dry run says, and what the real one just after it did, of floors and messages. */
async function both(world: CalmWorld, change = same): Promise<readonly [unknown, unknown]> {
  const told = ({ floor, requeued, ...report }: RefreshReport) => ({ floor, requeued, problems: problemsIn(report) });
  const dry = await world.does("dry", (ports) => refresh(change(ports), { dryRun: true }));
  const real = await world.does("real", (ports) => refresh(change(ports)));
  return [told(dry), told(real)];
}

const full = (scope: string, maximum: number): string =>
  `idle floor of large: the maximum of ${maximum} instances (${scope}) is reached`;

test("floors above a maximum are kept as far as it reaches, and the dry run says as many and which maximum it is", async () => {
  const world = calmWorld({ idleFloors: { "large/x64": 4 }, maxInstances: 5, maxInstancesPerPartition: 3 });
  const [dry, real] = await both(world);
  const problems = [full("partition#github:acme/shop", 3), full("environment", 5)];
  expect(real).toEqual({ floor: { extended: 0, created: 5 }, requeued: 0, problems });
  expect(dry).toEqual(real);
  await world.time.run(world.time.now() + limits.refreshMs);
  const [dryAgain, realAgain] = await both(world);
  expect(realAgain).toEqual({
    floor: { extended: 5, created: 0 },
    requeued: 0,
    problems: [full("environment", 5), full("environment", 5)],
  });
  expect(dryAgain).toEqual(realAgain);
});

test("a floor without a template to make it from is no floor in the dry run either", async () => {
  const world = calmWorld({ idleFloors: { "large/x64": 1 } });
  const [dry, real] = await both(world, (ports) => ({
    ...ports,
    fleet: { ...ports.fleet, image: () => Promise.reject(new Error("no image is named there")) },
  }));
  expect(real).toMatchObject({ floor: { created: 0 }, problems: Array(2).fill(expect.stringContaining("no image")) });
  expect(dry).toEqual(real);
});

test("an idle instance whose message is lost is sent again, also while others come to the pool in the same refresh", async () => {
  const world = await refreshedWorld({ idleFloors: { "large/x64": 1 } });
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "1" })));
  await world.does("release", (ports) =>
    release({ ...ports, pool: { ...ports.pool, send: () => Promise.resolve([]) } }, { runId: "1001", attempt: 1 }),
  );
  // The floor's two machines are up, and wait to be parked.
  const [dry, real] = await both(world);
  expect(real).toMatchObject({ requeued: 1, problems: [] });
  expect(dry).toEqual(real);
});

test("a machine without a record and a ghost runner are told by the dry run, and ended and removed by the real one alone", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  const [like] = world.machines.all();
  if (like === undefined) throw new Error("nothing was launched");
  const stray = world.machines.launch(like);
  await world.time.run(world.time.now() + limits.bootMs + limits.claimMarginMs);
  const done: string[] = [];
  const change: Change = (ports) => ({
    ...ports,
    fleet: {
      ...ports.fleet,
      terminate: async (ids) => {
        done.push(...ids);
        return new Map();
      },
    },
    forge: {
      ...ports.forge,
      runners: async (scope, prefix) =>
        scope === repository
          ? [{ id: 7, name: `${prefix}${stray.instanceId}-1`, online: false, busy: false, labels: [] }]
          : [],
      remove: async (_scope, id) => {
        done.push(`runner ${id}`);
        return "removed";
      },
    },
  });
  const told = ({ findings, ghosts }: RefreshReport) => [
    findings.map(({ kind, instanceId }) => [kind, instanceId]),
    ghosts,
  ];
  const dry = await world.does("dry", (ports) => refresh(change(ports), { dryRun: true }));
  expect(told(dry)).toEqual([
    [["end-unrecorded", stray.instanceId]],
    [expect.stringContaining(`${stray.instanceId}-1`)],
  ]);
  expect(done).toEqual([]);
  const real = await world.does("real", (ports) => refresh(change(ports)));
  expect(told(real)).toEqual(told(dry));
  expect(done).toEqual([stray.instanceId, "runner 7"]);
});
