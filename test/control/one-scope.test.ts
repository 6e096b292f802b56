// GitHub refuses one of the environment's repositories: the others are served as ever.
import { expect, test } from "vitest";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import { environment, place, repositories, type ControlPorts } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { runnerName } from "../../domain/names.ts";
import { type CalmWorld, problemsIn, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;
const [, other] = repositories;
/** The environment's first repository is in the way of the other one. */
const refusing = (ports: ControlPorts): ControlPorts => {
  const unless = <Value>(scope: string, ask: () => Promise<Value>): Promise<Value> =>
    scope === repository ? Promise.reject(new ForgeRefused(`${scope}: install the App there`)) : ask();
  return {
    ...ports,
    forge: {
      ...ports.forge,
      runners: (scope, prefix) => unless(scope, () => ports.forge.runners(scope, prefix)),
      named: (scope, name) => unless(scope, () => ports.forge.named(scope, name)),
      remove: (scope, id) => unless(scope, () => ports.forge.remove(scope, id)),
      activeRuns: (scope) => unless(scope, () => ports.forge.activeRuns(scope)),
    },
  };
};

/** Of both repositories a run has had an instance; of both a job is run again. */
async function served(): Promise<CalmWorld> {
  const world = await refreshedWorld();
  for (const [index, one] of repositories.entries()) {
    const runId = String(1001 + index);
    await world.does(`provision ${runId}`, (ports) => provision(ports, requestOf({ runId, repository: one })));
    await world.does(`release ${runId}`, (ports) => release(ports, { runId, attempt: 1 }));
  }
  return world;
}

test("the other's re-runs are served, and the refusal is a problem that names the repository", async () => {
  const world = await served();
  await world.time.run(world.time.now() + 20 * minute);
  for (const [index, scope] of repositories.entries()) {
    const runId = String(1001 + index);
    world.forge.queue({ scope, runId, attempt: 2, labels: [runId], durationMs: 1000 });
  }
  await world.time.run(world.time.now() + minute);
  const report = await world.does("refresh", (ports) => refresh(refusing(ports)));
  const { reruns } = report;
  expect(reruns.map(({ runId, ready }) => [runId, ready])).toEqual([["1002", 1]]);
  expect(problemsIn(report)).toEqual([
    `runners of ${repository}: ${repository}: install the App there`,
    `re-run of ${repository}: ${repository}: install the App there`,
  ]);
});

test("the other's ghosts are removed", async () => {
  const world = await served();
  const token = world.forge.issue(other, "registration").token;
  const ghost = runnerName({ environment, ...place }, "i-0123456789abcdef0", 1);
  world.forge.register(token, other, ghost, []);
  const { ghosts } = await world.does("refresh", (ports) => refresh(refusing(ports)));
  expect(ghosts).toEqual([ghost]);
  expect([...world.forge.runners.values()].map(({ name }) => name)).not.toContain(ghost);
});

test("ghosts that may be listed and not removed keep no others", async () => {
  const world = await served();
  const ghosts = repositories.map((scope, index) => {
    const name = runnerName({ environment, ...place }, `i-0${index}23456789abcdef0`, 1);
    world.forge.register(world.forge.issue(scope, "registration").token, scope, name, []);
    return name;
  });
  const report = await world.does("refresh", (ports) => {
    const { forge } = refusing(ports);
    const runners = (scope: string, prefix: string) => ports.forge.runners(scope, prefix);
    return refresh({ ...ports, forge: { ...forge, runners, activeRuns: (of: string) => ports.forge.activeRuns(of) } });
  });
  const left = [...world.forge.runners.values()].map(({ name }) => name);
  expect(ghosts.filter((name) => left.includes(name))).toEqual([ghosts[0]]);
  expect(problemsIn(report)).toEqual([
    `ghosts of ${repository}: 1 of 1 not removed: ${repository}: install the App there`,
  ]);
});

test("nothing is proved of the refused one's silent instances, and the other's are", async () => {
  const world = await served();
  for (const [index, one] of repositories.entries()) {
    const runId = String(2001 + index);
    await world.does(`provision ${runId}`, (ports) => provision(ports, requestOf({ runId, repository: one })));
  }
  // Reached by nobody from now on, and gone at GitHub.
  for (const machine of world.machines.all())
    machine.cutOff = { from: world.time.now(), to: world.time.now() + 60 * minute };
  for (const { id, scope } of world.forge.runners.values()) world.forge.remove(scope, id);
  for (const runId of ["2001", "2002"]) void release(world.process(`release ${runId}`).ports, { runId, attempt: 1 });
  await world.time.run(world.time.now() + 1.5 * minute);
  const { findings } = await world.does("refresh", (ports) => refresh(refusing(ports)));
  const proved = new Map(findings.map(({ instanceId, kind, done }) => [instanceId, `${kind} ${done}`]));
  const found = world.table.all().map(({ instanceId, partition }) => [partition, proved.get(instanceId)]);
  expect(Object.fromEntries(found.filter(([, what]) => what?.startsWith("prove")))).toEqual({
    [`github:${other}`]: "prove true",
    [`github:${repository}`]: "prove false",
  });
});
