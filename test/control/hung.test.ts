// A serving instance that hangs: ended in minutes where GitHub proves that no job runs on it, and not before.
import { expect, test } from "vitest";
import { provision } from "../../control/runs/provision.ts";
import { refresh, type RefreshReport } from "../../control/refresh/refresh.ts";
import { type CalmWorld, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;

/** One that serves run 1001 for six hours, and hangs from now on: no heartbeat comes any more. */
async function hung(jobMinutes: number) {
  const world = await refreshedWorld({ maxRuntimeMs: 6 * 60 * minute });
  await world.does("provision", (ports) => provision(ports, requestOf()));
  const [machine] = world.machines.all();
  if (machine === undefined) throw new Error("nothing was launched");
  const labels = ["1001"];
  const job =
    jobMinutes === 0
      ? undefined
      : world.forge.queue({ scope: repository, runId: "1001", attempt: 1, labels, durationMs: jobMinutes * minute });
  await world.time.run(world.time.now() + 10_000);
  machine.cutOff = { from: world.time.now(), to: world.time.now() + 24 * 60 * minute };
  return { world, machine, job };
}

/** As GitHub lists runners that it has not heard of. */
const refreshed = (world: CalmWorld, online: boolean, onlineByName = online): Promise<RefreshReport> =>
  world.does("refresh", (ports) => {
    const seen = <Runner extends { readonly online: boolean }>(runner: Runner): Runner => ({
      ...runner,
      online,
      busy: false,
    });
    const forge = {
      ...ports.forge,
      runners: async (scope: string, prefix: string) => (await ports.forge.runners(scope, prefix)).map(seen),
      named: async (scope: string, name: string) => {
        const found = await ports.forge.named(scope, name);
        return found === undefined ? undefined : { ...seen(found), online: onlineByName };
      },
    };
    return refresh({ ...ports, forge });
  });

test("is condemned within minutes of its last sign of life, not at its maximum runtime", async () => {
  const { world, machine } = await hung(0);
  await world.time.run(world.time.now() + 2 * minute);
  expect((await refreshed(world, false)).findings).toEqual([]);
  await world.time.run(world.time.now() + 2 * minute);
  expect((await refreshed(world, false)).findings).toMatchObject([{ kind: "prove", done: true }]);
  expect(world.table.get(machine.key)?.state).toBe("terminating");
  await world.time.run(world.time.now() + 5 * minute);
  await refreshed(world, false);
  expect(world.table.get(machine.key)?.state).toBe("terminated");
});

test("is left alone while GitHub hears of it: neither asked to leave nor ended", async () => {
  const { world, machine } = await hung(0);
  await world.time.run(world.time.now() + 10 * minute);
  expect((await refreshed(world, true)).findings).toEqual([]);
  expect(world.table.get(machine.key)).toMatchObject({ state: "running", wanted: "serve" });
});

test("with a job is waited for, though GitHub shows it offline and idle: it refuses to delete what is busy", async () => {
  const { world, machine, job } = await hung(30);
  await world.time.run(world.time.now() + 5 * minute);
  expect((await refreshed(world, false)).findings).toMatchObject([{ kind: "prove", done: false }]);
  expect(world.table.get(machine.key)?.state).toBe("running");
  await world.time.run(world.time.now() + 30 * minute);
  expect(job?.state).toBe("done");
  expect((await refreshed(world, false)).findings).toMatchObject([{ kind: "prove", done: true }]);
});

test("is not asked to leave where GitHub, asked by its name, shows it online: a list may leave one out", async () => {
  const { world, machine } = await hung(30);
  await world.time.run(world.time.now() + 5 * minute);
  expect((await refreshed(world, false, true)).findings).toMatchObject([{ kind: "prove", done: false }]);
  expect(world.table.get(machine.key)).toMatchObject({ state: "running", wanted: "serve" });
});

test("is left alone while GitHub gives no list: that it cannot be reached proves nothing", async () => {
  const { world, machine } = await hung(30);
  await world.time.run(world.time.now() + 5 * minute);
  const report = await world.does("refresh", (ports) =>
    refresh({ ...ports, forge: { ...ports.forge, runners: () => Promise.reject(new Error("502 Bad Gateway")) } }),
  );
  expect(report.findings).toEqual([]);
  expect(world.table.get(machine.key)).toMatchObject({ state: "running", wanted: "serve" });
});

test.for([
  ["been heard of again", (now: number) => ({ heartbeatAt: now })],
  ["become another run's", () => ({ assignment: 2 })],
] as const)("is not asked to leave where it has %s since the records were read", async ([, changes]) => {
  const { world, machine } = await hung(0);
  await world.time.run(world.time.now() + 5 * minute);
  const asked: string[] = [];
  const { findings } = await world.does("refresh", (ports) => {
    const instances: typeof ports.instances = {
      ...ports.instances,
      read: async (keys) => {
        const found = await ports.instances.read(keys);
        return { ...found, items: found.items.map((record) => ({ ...record, ...changes(world.time.now()) })) };
      },
      move: async (name, ref, params) => {
        asked.push(name);
        return await ports.instances.move(name, ref, params);
      },
    };
    const named = async () => undefined;
    return refresh({ ...ports, instances, forge: { ...ports.forge, runners: async () => [], named } });
  });
  expect(findings).toMatchObject([{ kind: "prove", done: false }]);
  expect(asked).toEqual([]);
  expect(world.table.get(machine.key)).toMatchObject({ state: "running", wanted: "serve" });
});
