// A release that runs while its own provision still works, as in a workflow whose release job waits for nothing.
import { describe, expect, test } from "vitest";
import { provision, type Provisioned } from "../../control/runs/provision.ts";
import { release } from "../../control/runs/release.ts";
import { retire } from "../../control/operate/retire.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { type CalmWorld, refreshedWorld, requestOf, wordsIn } from "./calm-world.ts";

/** A provision of two that has come so far; what comes of it once `meanwhile` is done. */
async function during(
  isSoFar: (records: readonly InstanceRecord[]) => boolean,
  meanwhile: (world: CalmWorld, records: readonly InstanceRecord[]) => Promise<unknown>,
): Promise<{ world: CalmWorld; outcome: Provisioned }> {
  const world = await refreshedWorld();
  let outcome: Provisioned | undefined;
  const whole = provision(world.process("provision").ports, requestOf({ instanceCount: "2" })).then((end) => {
    outcome = end;
  });
  while (!isSoFar(world.table.all())) await world.time.run(world.time.now() + 50);
  await meanwhile(world, world.table.all());
  await world.time.settle(whole);
  if (outcome === undefined) throw new Error("the provision has not ended");
  return { world, outcome };
}

const releasesIt = (world: CalmWorld): Promise<unknown> =>
  world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));

const reasonsOf = (outcome: Provisioned): string => wordsIn(outcome).join("\n");

describe("a provision whose run is released stops, says so, and replaces nothing", () => {
  test.for([
    ["once both have a record", (records: readonly InstanceRecord[]) => records.length === 2],
    ["once one is up", (records: readonly InstanceRecord[]) => records.some(({ signal }) => signal !== undefined)],
    [
      "once one is registered",
      (records: readonly InstanceRecord[]) => records.some(({ signal }) => signal?.kind === "registered"),
    ],
  ] as const)("%s", async ([, isSoFar]) => {
    const { world, outcome } = await during(isSoFar, releasesIt);
    expect(outcome).toMatchObject({ kind: "failed", released: true });
    expect(reasonsOf(outcome)).toContain("released while it was provisioned");
    expect(world.machines.all()).toHaveLength(2);
    expect(world.table.all().map(({ state, owner }) => [state, owner])).toEqual([
      ["idle", undefined],
      ["idle", undefined],
    ]);
  });
});

test("one instance that an operator retires before it registers is condemned at once, and the provision replaces it", async () => {
  const { world, outcome } = await during(
    (records) => records.length === 2,
    (its, [first]) =>
      its.does("retire", (ports) => retire(ports, first?.instanceId ?? "", { reason: "odd noises", wait: false })),
  );
  expect(outcome.kind).toBe("ready");
  expect(world.table.all().map(({ state, reason }) => [state, reason])).toEqual([
    ["terminating", { code: "operator", reason: "odd noises" }],
    ["running", undefined],
    ["running", undefined],
  ]);
});
