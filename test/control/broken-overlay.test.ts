// An overlay that cannot be used: nothing is provisioned by what was deployed alone, and all that has to end, ends.
import { expect, test } from "vitest";
import type { ControlPorts } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { calmWorld, requestOf } from "./calm-world.ts";

const problem = 'configuration#overlay: resource class "huge" has no queue: deploy the stack again';
const broken = (ports: ControlPorts): ControlPorts => ({
  ...ports,
  settings: {
    ...ports.settings,
    load: async () => ({ ...(await ports.settings.load()), overlay: {}, overlayProblems: [problem] }),
  },
});

test("a provision fails at once, with what is wrong and who may write another", async () => {
  const world = calmWorld();
  const outcome = await world.does("provision", (ports) => provision(broken(ports), requestOf()));
  expect(outcome).toEqual({
    kind: "failed",
    reasons: [{ code: "overlay", problem }],
  });
  expect(world.machines.all()).toEqual([]);
});

test("a run is released, and refresh renews tokens, sweeps, keeps no floor and reports it", async () => {
  const world = calmWorld({ idleFloors: { "large/x64": 3 } });
  await world.does("refresh", (ports) => refresh(ports, { dryRun: true }));
  const first = await world.does("refresh", (ports) => refresh(broken(ports)));
  expect(first).toMatchObject({ floor: { created: 0 }, problems: [{ code: "overlay", problem }] });
  expect(first.tokens.renewed).toHaveLength(4);
  await world.does("provision", (ports) => provision(ports, requestOf()));
  const released = await world.does("release", (ports) => release(broken(ports), { runId: "1001", attempt: 1 }));
  expect(released.pooled).toHaveLength(1);
  for (const machine of world.machines.all()) world.machines.end(machine, "Server.InternalError: the host failed");
  const { findings } = await world.does("refresh", (ports) => refresh(broken(ports)));
  expect(findings.map(({ kind, done }) => [kind, done])).toEqual([["condemn-gone", true]]);
});
