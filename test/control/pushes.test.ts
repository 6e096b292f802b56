// Ten pushes in a row with `cancel-in-progress`: what a cancelled push was given serves the next ones.
import { expect, test } from "vitest";
import { cleanUp } from "../../control/runs/clean-up.ts";
import { provision } from "../../control/runs/provision.ts";
import { refreshedWorld, requestOf } from "./calm-world.ts";

const pushes = 10;
const each = 3;

/** Each push wants three machines, and is cancelled by the next one; says how many machines that made in all. */
async function machinesOf(apartMs: number): Promise<number> {
  const world = await refreshedWorld();
  const steps: Promise<unknown>[] = [];
  for (let push = 1; push <= pushes; push++) {
    const runId = String(1000 + push);
    const stop = new AbortController();
    const { ports } = world.process(`push ${push}`);
    const request = requestOf({ runId, instanceCount: String(each) });
    const { attempt, provisionId } = request;
    const step = provision(ports, request, { cancel: stop.signal }).then(async (outcome) => {
      // As the action's post step, and the release of what was ready before the cancellation, do.
      if (push === pushes) return expect(outcome.kind).toBe("ready");
      const { configuration } = await ports.settings.load();
      return await cleanUp(ports, configuration, { runId, attempt, provisionId });
    });
    steps.push(step);
    await world.time.run(world.time.now() + apartMs);
    if (push < pushes) stop.abort();
  }
  await world.time.settle(Promise.all(steps));
  return world.machines.all().length;
}

test.each([
  { apartMs: 15_000, most: 20 },
  { apartMs: 40_000, most: 20 },
  { apartMs: 120_000, most: 6 },
])("$apartMs ms apart they make at most $most machines, not thirty", async ({ apartMs, most }) => {
  const made = await machinesOf(apartMs);
  expect(made).toBeGreaterThanOrEqual(each);
  expect(made).toBeLessThanOrEqual(most);
});
