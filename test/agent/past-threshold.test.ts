// A machine past its threshold is ended, whatever runs on it: it wins its own end first, and says whether a job was hit.
import { expect, test } from "vitest";
import type { RunnerState } from "../../cloud/agent-ports.ts";
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
