// A machine past its threshold is ended, whatever runs on it: it wins its own end first, and says whether a job was hit.
import { expect, test } from "vitest";
import type { RunnerState } from "../../cloud/ports/runner.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { agentBench } from "./agent-bench.ts";

const minute = 60_000;
const serving = { assignment: 1, configured: true, listener: "online", busy: false, jobs: 1 } as const;
const endOf = async (runner: RunnerState) => {
  const record = recordOf({ ...owned, state: "running", said: "registered", threshold: now + minute });
  const bench = agentBench({ record, runner });
  let reason: string | undefined;
  let endedAt = Number.NaN;
  void bench.run().then((end) => {
    reason = end;
    endedAt = bench.clock.now();
  });
  await bench.until(() => reason !== undefined);
  const said = (name: string) => bench.events.find((event) => event.name === name)?.facts;
  return { bench, endedAt, record, retired: said("agent.retired"), ended: said("agent.ended") };
};

test("a busy runner past its threshold is ended too, and the log says that a job was running", async () => {
  const { bench, endedAt, record, retired, ended } = await endOf({ ...serving, busy: true });
  expect(endedAt).toBeGreaterThanOrEqual(record.threshold);
  expect(bench.done).toEqual(["retire", "kill", "power-off"]);
  expect(retired).toEqual({ reason: "past the threshold of running, with a job running" });
  expect(ended).toMatchObject({ busy: true });
});

test("of an idle runner nothing of a job is said", async () => {
  const { bench, endedAt, record, retired, ended } = await endOf(serving);
  expect(endedAt).toBeGreaterThanOrEqual(record.threshold);
  expect(bench.done).toEqual(["retire", "kill", "power-off"]);
  expect(retired).toEqual({ reason: "past the threshold of running" });
  expect(ended).toMatchObject({ busy: false });
});

test.each(["kill", "clean"] as const)(
  "a runner that does not let itself be ended (%s) keeps no machine alive",
  async (what) => {
    const bench = agentBench({
      record: recordOf({ ...owned, state: "running", said: "registered", threshold: now + minute }),
      runner: serving,
      hands: { [what]: () => Promise.reject(new Error("processes of runpool-job do not die")) },
    });
    let reason: string | undefined;
    const ends = bench.run().then((end) => (reason = end));
    await bench.until(() => reason !== undefined);
    expect(await ends).toBe("retired");
    expect(bench.done.at(-1)).toBe("power-off");
    expect(bench.events).toContainEqual({
      name: "agent.not-cleaned",
      facts: { problem: "Error: processes of runpool-job do not die" },
    });
  },
);
