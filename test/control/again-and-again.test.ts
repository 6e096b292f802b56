// The n-th provision of a run under one name is as fast as the first: what one has bought, no later one is given again.
import { expect, test } from "vitest";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { limits } from "../../domain/limits.ts";
import { type CalmWorld, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;
const pass = (world: CalmWorld, ms: number): Promise<void> => world.time.run(world.time.now() + ms);

/** How often EC2 was asked for machines, and how long it took, ms. */
async function provisioned(world: CalmWorld, part: Parameters<typeof requestOf>[0] = {}) {
  const begun = world.time.now();
  const asked = world.launches();
  const outcome = await world.does("provision", (ports) => provision(ports, requestOf(part)));
  return { kind: outcome.kind, launches: world.launches() - asked, ms: world.time.now() - begun };
}

async function emptied(world: CalmWorld): Promise<void> {
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  await pass(world, limits.idleMs + minute);
  await world.does("refresh", (ports) => refresh(ports));
}

test("provision, release and idle end, for a day: each provision asks EC2 once, and takes as long as the first", async () => {
  const world = await refreshedWorld();
  const first = await provisioned(world);
  expect(first).toMatchObject({ kind: "ready", launches: 1 });
  for (let day = world.time.now() + 24 * 60 * minute; world.time.now() < day; await pass(world, 45 * minute)) {
    await emptied(world);
    const next = await provisioned(world);
    expect(next).toMatchObject({ kind: "ready", launches: 1 });
    expect(next.ms).toBeLessThan(2 * first.ms);
  }
});

test("one that failed and gave back everything is begun anew", async () => {
  const world = await refreshedWorld();
  const cancel = new AbortController();
  const cancelled = world.does("cancelled", (ports) => provision(ports, requestOf(), { cancel: cancel.signal }));
  await pass(world, 5_000);
  cancel.abort();
  expect((await cancelled).kind).toBe("cancelled");
  await pass(world, limits.idleMs + minute);
  await world.does("refresh", (ports) => refresh(ports));
  expect(await provisioned(world)).toMatchObject({ kind: "ready", launches: 1 });
});

test.for([1, 2, 3])(
  "beginning %i that is killed before its records are written gets its machines when it is entered again",
  async (nth) => {
    const world = await refreshedWorld();
    for (let before = 1; before < nth; before++) {
      await provisioned(world, { instanceCount: "3" });
      await emptied(world);
    }
    const machines = world.machines.all().length;
    const { process, ports } = world.process("killed");
    const launch: Fleet["launch"] = async (order) => {
      const launched = await ports.fleet.launch(order);
      process.kill();
      return launched;
    };
    void provision({ ...ports, fleet: { ...ports.fleet, launch } }, requestOf({ instanceCount: "3" }));
    await pass(world, minute);
    expect(world.machines.all()).toHaveLength(machines + 3);
    expect(await provisioned(world, { instanceCount: "3" })).toMatchObject({ kind: "ready", launches: 1 });
    expect(world.machines.all()).toHaveLength(machines + 3);
  },
);

test("one that was killed longer ago than a provision may last is over: its machines are dead", async () => {
  const world = await refreshedWorld();
  const { process, ports } = world.process("killed");
  void provision(ports, requestOf());
  await pass(world, 10_000);
  process.kill();
  await pass(world, limits.provisionMs + limits.bootMs);
  await world.does("refresh", (ports) => refresh(ports));
  expect(await provisioned(world)).toMatchObject({ kind: "ready", launches: 1 });
});

test("jobs of one run that become queued every 45 minutes, for a day, are each served by the next refresh", async () => {
  const world = await refreshedWorld();
  await provisioned(world);
  await emptied(world);
  for (let nth = 1; nth <= 30; nth++) {
    const job = world.forge.queue({ scope: repository, runId: "1001", attempt: 1, labels: ["1001"], durationMs: 1000 });
    await pass(world, minute);
    const asked = world.launches();
    await world.does("refresh", (ports) => refresh(ports));
    await pass(world, minute);
    expect([nth, job.state, world.launches() - asked]).toEqual([nth, "done", 1]);
    await emptied(world);
    await pass(world, 35 * minute);
  }
});
