// New machines that all fail: a bad image is not bought again and again until the time is out.
import { expect, test } from "vitest";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import { provision } from "../../control/runs/provision.ts";
import { maxima } from "../../domain/limits.ts";
import { refreshedWorld, requestOf, wordsIn } from "./calm-world.ts";

/** A provision of so many, whose first machines all die as they are launched. */
async function losing(count: number, dying: number) {
  const world = await refreshedWorld();
  const outcome = await world.does("provision", (ports) => {
    const launch: Fleet["launch"] = async (request) => {
      const launched = await ports.fleet.launch(request);
      for (const machine of world.machines.all().slice(0, dying))
        world.machines.end(machine, "Client.InstanceInitiatedShutdown: cloud-init failed");
      return launched;
    };
    return provision({ ...ports, fleet: { ...ports.fleet, launch } }, requestOf({ instanceCount: String(count) }));
  });
  return { outcome, launched: world.machines.all().length };
}

test.for([
  [1, maxima.failedLaunches],
  [3, 6],
  [20, 20],
])("of %i that always fail %i are lost, and no further one is created", async ([count = 0, lost = 0]) => {
  const { outcome, launched } = await losing(count, 1_000);
  expect(launched).toBe(lost);
  const reasons = wordsIn(outcome);
  expect(reasons[0]).toBe(
    `${lost} new instances failed to become ready; not launching more (check the image and the pre-runner script)`,
  );
  expect(reasons[1]).toContain("cloud-init failed");
});

test("a few that fail are replaced", async () => {
  const { outcome, launched } = await losing(2, maxima.failedLaunches - 1);
  expect(outcome.kind).toBe("ready");
  expect(launched).toBe(2 + maxima.failedLaunches - 1);
});
