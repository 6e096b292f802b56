// GitHub's list of runners is read in pages: one that is deleted meanwhile moves the others up, and the list leaves one out.
import { expect, test } from "vitest";
import type { ControlPorts } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;

/** A list that leaves out whatever is ours. */
const shifted = (ports: ControlPorts): ControlPorts => ({
  ...ports,
  forge: { ...ports.forge, runners: async () => [] },
});

/** A job runs on a machine that reaches AWS no more: its agent has not told of the job, and answers nothing. */
async function silentWithAJob() {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  const [machine] = world.machines.all();
  if (machine !== undefined) machine.cutOff = { from: world.time.now(), to: world.time.now() + 60 * minute };
  const durationMs = 20 * minute;
  const job = world.forge.queue({ scope: repository, runId: "1001", attempt: 1, labels: ["1001"], durationMs });
  await world.time.run(world.time.now() + 10_000);
  if (job.state !== "running") throw new Error("no job runs");
  return { world, job };
}

test("release takes no runner that the list leaves out for one that is gone: its job runs to its end", async () => {
  const { world, job } = await silentWithAJob();
  const released = await world.does("release", (ports) =>
    release(shifted(ports), { runId: "1001", attempt: 1, forgeScope: repository }),
  );
  expect(released.condemned).toEqual([]);
  expect(released.left.map(({ why }) => why)).toEqual(["busy"]);
  await world.time.run(world.time.now() + 20 * minute);
  expect(job.state).toBe("done");
});

test("nor does refresh", async () => {
  const { world, job } = await silentWithAJob();
  void release(world.process("release").ports, { runId: "1001", attempt: 1 });
  await world.time.run(world.time.now() + 2 * minute);
  const { findings } = await world.does("refresh", (ports) => refresh(shifted(ports)));
  expect(findings.map(({ kind, done }) => [kind, done])).toEqual([["prove", false]]);
  await world.time.run(world.time.now() + 20 * minute);
  expect(job.state).toBe("done");
});

test("one that GitHub does not know by its name either is gone", async () => {
  const { world } = await silentWithAJob();
  for (const { id, job } of world.forge.runners.values()) {
    if (job !== undefined) world.forge.cancel(job);
    world.forge.remove(repository, id);
  }
  const released = await world.does("release", (ports) =>
    release(ports, { runId: "1001", attempt: 1, forgeScope: repository }),
  );
  expect(released.condemned).toHaveLength(1);
});
