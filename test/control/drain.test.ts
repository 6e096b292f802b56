// A drain that meets a provision on its way: what it asks to leave is not bought again.
import { expect, test } from "vitest";
import { drain } from "../../control/drain.ts";
import { provision, type Provisioned } from "../../control/provision.ts";
import { refresh } from "../../control/refresh.ts";
import { calmWorld, requestOf } from "./calm-world.ts";

test("a provision on its way buys no other machines than those that a drain ends, and says that provisioning is paused", async () => {
  const world = calmWorld();
  await world.does("refresh", (ports) => refresh(ports));
  let outcome: Provisioned | undefined;
  const whole = provision(world.process("provision").ports, requestOf({ instanceCount: "2" })).then((end) => {
    outcome = end;
  });
  await world.time.run(world.time.now() + 5_000);
  const pauseSwitch = {
    pause: async (reason: string, at: number) => void (world.words.paused = { reason, at }),
    resume: async () => undefined,
  };
  await world.does("drain", (ports) => drain({ ...ports, pauseSwitch }, { reason: "moving", wait: true }));
  await world.time.settle(whole);
  expect(world.machines.all()).toHaveLength(2);
  expect(outcome?.kind).toBe("failed");
  expect(outcome?.kind === "failed" ? outcome.reasons.join("\n") : "").toContain("provisioning is paused: moving");
});
