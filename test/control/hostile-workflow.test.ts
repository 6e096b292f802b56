// Each single thing that a workflow with the provision role may do to the table, the queues and EC2: refresh goes on, who is not meant is served, nothing is left.
import type { Problem } from "../../domain/reasons.ts";
import { expect, test } from "vitest";
import { isPaidFor } from "../world/machine.ts";
import { misbehave, misdeeds } from "../world/hostile-workflow.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { longestLifeMs } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { lookIntoEveryQueue } from "../simulation/leftovers.ts";
import { nothingLeft } from "../simulation/promises.ts";
import { type CalmWorld, refreshedWorld, requestOf } from "./calm-world.ts";

const minute = 60_000;

async function served(): Promise<CalmWorld> {
  const world = await refreshedWorld();
  const take = (runId: string, instanceCount: string) =>
    world.does(`run ${runId}/1 provision`, (ports) => provision(ports, requestOf({ runId, instanceCount })));
  await take("1001", "2");
  await take("1002", "1");
  await world.does("run 1002/1 release", (ports) => release(ports, { runId: "1002", attempt: 1 }));
  return world;
}

async function refreshed(world: CalmWorld, times: number, everyMs: number): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (let count = 0; count < times; count++) {
    problems.push(...(await world.does("refresh", (ports) => refresh(ports))).problems);
    await world.time.run(world.time.now() + everyMs);
  }
  return problems;
}

test.each(misdeeds.map((one) => [one.name, one] as const))("%s", async (_name, misdeed) => {
  const world = await served();
  misbehave(world, misdeed, world.chance);
  // Longer than a forged counter stands: refresh counts twice, some minutes apart.
  const problems = await refreshed(world, 2, limits.refreshMs);
  expect(problems).toEqual([]);
  // Whoever is not meant gets what it asks for.
  const other = await world.does("run 1004/1 provision", (ports) =>
    provision(ports, requestOf({ runId: "1004", instanceCount: "2" })),
  );
  expect(other.kind === "ready" ? "ready" : other.reasons).toBe("ready");
  if (other.kind === "ready") expect(other.readyMs).toBeLessThan(4 * minute);
  const innocent =
    other.kind === "ready" ? other.instances.map(({ instanceId }) => world.machines.byId(instanceId)) : [];
  expect(innocent).toHaveLength(2);
  await refreshed(world, 3, limits.refreshMs);
  const gone = innocent.filter((machine) => machine !== undefined && !machine.disturbed && !isPaidFor(machine));
  expect(gone.map((machine) => machine?.reason)).toEqual([]);
  // What it has brought in ends by EC2's launch time at the latest; until then refresh comes twice a day, so that a test is short.
  const { defaults } = world.words;
  const until = world.time.now() + longestLifeMs(defaults ?? expect.fail("no configuration"));
  await refreshed(world, 8, limits.refreshMs);
  while (world.machines.all().some(isPaidFor) && world.time.now() < until) await refreshed(world, 1, 12 * 60 * minute);
  await refreshed(world, 4, limits.refreshMs);
  expect(
    world.machines
      .all()
      .filter(isPaidFor)
      .map(({ instanceId }) => instanceId),
  ).toEqual([]);
  await world.time.settle(lookIntoEveryQueue(world));
  nothingLeft(world);
  expect(world.checks.violations).toEqual([]);
});
