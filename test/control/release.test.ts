// Release over long jobs and dead machines: what is left of them, and how long it took.
import { expect, test } from "vitest";
import type { ControlPorts } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { release, type Released } from "../../control/runs/release.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import { limits } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { type CalmWorld, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;
const run = { runId: "1001", attempt: 1 };
const nobody: Released = { pooled: [], condemned: [], elsewhere: [], left: [] };

/** So many instances that serve run 1001, and a job of so many minutes on one of them. */
async function serving(instanceCount: number, jobMinutes: number) {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: String(instanceCount) })));
  const durationMs = jobMinutes * minute;
  const job = world.forge.queue({ scope: repository, ...run, labels: [run.runId], durationMs });
  await world.time.run(world.time.now() + 10_000);
  const machines = world.machines.all();
  const busy = machines.find((machine) => machine.job !== undefined);
  const free = machines.find((machine) => machine.job === undefined);
  if (busy === undefined) throw new Error("the job does not run");
  return { world, job, busy, free };
}

/** What came of it, and how many minutes it took. */
async function released(
  world: CalmWorld,
  change: (ports: ControlPorts) => Partial<ControlPorts> = () => ({}),
  part: Partial<Parameters<typeof release>[1]> = {},
) {
  const began = world.time.now();
  const outcome = await world.does("release", (ports) => release({ ...ports, ...change(ports) }, { ...run, ...part }));
  return { outcome, minutes: (world.time.now() - began) / minute };
}

/** Reads every record with these changes. */
const read =
  (changes: (record: InstanceRecord) => Partial<InstanceRecord>) =>
  ({ instances }: ControlPorts): Partial<ControlPorts> => ({
    instances: {
      ...instances,
      read: async (keys) => {
        const found = await instances.read(keys);
        return { ...found, items: found.items.map((record) => ({ ...record, ...changes(record) })) };
      },
    },
  });

test("a job that runs for ten minutes is waited for to its end, and its instance goes to the pool", async () => {
  const { world, job, busy } = await serving(1, 10);
  const { outcome, minutes } = await released(world);
  expect(outcome).toEqual({ ...nobody, pooled: [busy.instanceId] });
  expect(job.state).toBe("done");
  expect(minutes).toBeGreaterThan(9);
  expect(minutes).toBeLessThan(11);
});

test("one that is silent beside it ends the wait for nobody else, and is left to its threshold", async () => {
  const { world, job, busy, free } = await serving(2, 10);
  if (free === undefined) throw new Error("none is free");
  free.cutOff = { from: world.time.now(), to: world.time.now() + 60 * minute };
  const { outcome, minutes } = await released(world);
  expect(outcome.pooled).toEqual([busy.instanceId]);
  expect(outcome.left).toEqual([{ instanceId: free.instanceId, why: "unanswered" }]);
  expect(job.state).toBe("done");
  expect(minutes).toBeLessThan(11);
});

test("a job is waited for no longer than its instance may live, whatever the record says of it", async () => {
  const { world, busy } = await serving(1, 1);
  const cancel = new AbortController();
  world.time.after(180 * minute, "somebody loses patience", () => cancel.abort());
  const threshold = world.table.get(busy.key)?.threshold ?? 0;
  const began = world.time.now();
  const said = ({ assignment }: InstanceRecord) => ({
    busy: true,
    heartbeatAt: world.time.now(),
    signal: signalOf("registered", assignment, began),
  });
  const { outcome, minutes } = await released(world, read(said), { cancel: cancel.signal });
  expect(cancel.signal.aborted).toBe(false);
  expect(outcome.left.map(({ instanceId }) => instanceId)).toEqual([busy.instanceId]);
  expect(minutes * minute).toBeLessThan(threshold - began + minute);
});

test("a machine that died before its first sign of life is condemned by EC2's word at once, not waited for", async () => {
  const world = await refreshedWorld();
  const { ports, process } = world.process("killed");
  void provision(ports, requestOf());
  while (world.table.all().length === 0) await world.time.run(world.time.now() + 50);
  process.kill();
  const [machine] = world.machines.all();
  if (machine === undefined) throw new Error("nothing was launched");
  world.machines.end(machine, "Server.InternalError: the host failed");
  const { outcome, minutes } = await released(world);
  expect(outcome).toEqual({ ...nobody, condemned: [machine.instanceId] });
  expect(minutes * minute).toBeLessThan(2 * limits.machineLookMs);
});

test("GitHub's word proves nothing of one that is registering: it is not ended with the job that it may be given", async () => {
  const { world, busy } = await serving(1, 1);
  await world.time.run(world.time.now() + 2 * minute);
  const registering = ({ assignment }: InstanceRecord) => ({
    signal: signalOf("registering", assignment, world.time.now()),
  });
  const { outcome } = await released(world, read(registering), { forgeScope: repository });
  expect(outcome).toEqual({ ...nobody, left: [{ instanceId: busy.instanceId, why: "unanswered" }] });
});
