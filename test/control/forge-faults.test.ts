// GitHub's own faults while machines register: these are kept, nothing is bought in their place, and the reason is told.
import { expect, test } from "vitest";
import { runAgent } from "../../agent/agent.ts";
import type { EnrolOutcome } from "../../cloud/ports/runner.ts";
import { noFaults } from "../world/faults.ts";
import { worldOf } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { agentOptions } from "../agent/agent-options.ts";
import { requestOf, wordsIn } from "./calm-world.ts";

const minute = 60_000;
const cases = [
  ["rate-limit", "config.sh ended with 1\nYou have exceeded a secondary rate limit."],
  ["network", "config.sh ended with 1\nHttp response code: BadGateway from 'POST …'"],
] as const;

/** A world in which each registration fails for `cause` until `lasts` ms after the beginning. */
function troubled(cause: (typeof cases)[number][0], detail: string, lasts: number) {
  const until = { at: 0 };
  const world = worldOf({
    seed: 1,
    rates: noFaults,
    runAgent: (ports, _, onWake) => {
      const outcome: EnrolOutcome = { kind: "failed", cause, detail };
      const runner = {
        ...ports.runner,
        enrol: async (record: Parameters<typeof ports.runner.enrol>[0]) =>
          ports.clock.now() < until.at ? outcome : ports.runner.enrol(record),
      };
      return runAgent({ ...ports, runner }, agentOptions({ turnMs: Number.POSITIVE_INFINITY, onWake }));
    },
  });
  until.at = world.time.now() + lasts;
  const does = <Value>(name: string, work: (ports: Parameters<typeof provision>[0]) => Promise<Value>) =>
    world.time.settle(work(world.process(name).ports));
  return { world, does };
}

test.each(cases)("two minutes of %s: the machines that were bought serve, and no other was", async (cause, detail) => {
  const { world, does } = troubled(cause, detail, 3 * minute);
  await does("refresh", (ports) => refresh(ports));
  const outcome = await does("provision", (ports) => provision(ports, requestOf({ instanceCount: "6" })));
  expect(outcome).toMatchObject({ kind: "ready", created: 6, reused: 0 });
  expect(world.table.all().map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "running"));
});

test.each(cases)(
  "%s beyond the provision's time fails it with the reason, and keeps the machines",
  async (cause, detail) => {
    const { world, does } = troubled(cause, detail, 60 * minute);
    await does("refresh", (ports) => refresh(ports));
    const outcome = await does("provision", (ports) =>
      provision(ports, requestOf({ instanceCount: "3", timeoutMin: "5" })),
    );
    if (outcome.kind !== "failed") throw new Error(`it is ${outcome.kind}`);
    expect(wordsIn(outcome).filter((reason) => reason.includes(`last signal: registering (${cause}: `))).toHaveLength(
      3,
    );
    expect(world.table.all()).toHaveLength(3);
    expect(world.table.all().filter(({ state }) => state === "terminating" || state === "terminated")).toEqual([]);
  },
);
