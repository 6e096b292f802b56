// A machine past its threshold is ended, whatever runs on it: it wins its own end first, and says whether a job was hit.
import { expect, test } from "vitest";
import { now, owned, recordOf } from "../control/record-of.ts";
import { agentBench } from "./agent-bench.ts";

const minute = 60_000;
const serving = { assignment: 1, configured: true, listener: "online", busy: false, jobs: 1 } as const;
const past = recordOf({ ...owned, state: "running", said: "registered", threshold: now + minute });

test.each([
  [true, "past the threshold of running, with a job running"],
  [false, "past the threshold of running"],
])(
  "a runner past its threshold is ended, busy (%s) or not, and the log says whether a job was running",
  async (busy, reason) => {
    const bench = agentBench({ record: past, runner: { ...serving, busy } });
    await bench.ended();
    expect(bench.clock.now()).toBeGreaterThanOrEqual(past.threshold);
    expect(bench.done).toEqual(["retire", "kill", "power-off"]);
    const said = (name: string) => bench.events.find((event) => event.name === name)?.facts;
    expect(said("agent.retired")).toEqual({ reason });
    expect(said("agent.ended")).toMatchObject({ busy });
  },
);

test.each(["kill", "clean"] as const)("a runner that cannot be ended (%s) keeps no machine alive", async (what) => {
  const problem = "processes of runpool-job do not die";
  const bench = agentBench({
    record: past,
    runner: serving,
    hands: { [what]: () => Promise.reject(new Error(problem)) },
  });
  expect(await bench.ended()).toBe("retired");
  expect(bench.done.at(-1)).toBe("power-off");
  expect(bench.events).toContainEqual({ name: "agent.not-cleaned", facts: { problem: `Error: ${problem}` } });
});
