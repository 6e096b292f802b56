// Faults that pass: a metadata service, a clean-up or a stop that fails once costs the agent a try, and never its machine or a job.
import { expect, test } from "vitest";
import { now, owned, recordOf } from "../control/record-of.ts";
import { agentBench } from "./agent-bench.ts";

const minute = 60_000;
const online = { assignment: 1, configured: true, listener: "online", busy: false } as const;
const gone = { assignment: undefined, configured: false, listener: "none", busy: false } as const;
const serving = recordOf({ ...owned, state: "running", said: "registered", threshold: now + 60 * minute });
const leaving = { ...serving, wanted: "leave" } as const;

test("a metadata service that fails now and then ends nothing, and a spot notice that it gave once stays", async () => {
  let asked = 0;
  const bench = agentBench({
    record: serving,
    runner: { ...online, busy: true },
    metadata: () => {
      asked++;
      if (asked === 3) return Promise.resolve({ kind: "terminate", at: now + 2 * minute });
      return asked % 2 === 1 ? Promise.reject(new Error("no answer")) : Promise.resolve(undefined);
    },
  });
  let end: string | undefined;
  void bench.run().then((reason) => (end = reason));
  await bench.until(() => bench.record().signal?.kind === "interrupted");
  const then = asked;
  await bench.until(() => asked > then + 3);
  expect(bench.done).toEqual([]);
  bench.change({}, gone);
  await bench.until(() => end !== undefined);
  expect(bench.done).toEqual(["retire", "kill", "power-off"]);
});

test("a clean-up that fails is told, and tried again before the machine says that it has left", async () => {
  let cleaned = 0;
  const bench = agentBench({
    record: leaving,
    runner: online,
    hands: {
      clean: () => {
        cleaned++;
        if (cleaned === 1) return Promise.reject(new Error("docker keeps something"));
        bench.change({}, gone);
        return Promise.resolve();
      },
    },
  });
  void bench.run();
  await bench.until(() => bench.events.some(({ name }) => name === "agent.task-failed"));
  expect(bench.record().signal?.kind).toBe("registered");
  await bench.until(() => bench.record().signal?.kind === "deregistered");
  expect(cleaned).toBe(2);
});

test("a job that the stop has found, though no look has, is waited for and not cleaned away", async () => {
  let stops = 0;
  const bench = agentBench({
    record: leaving,
    runner: online,
    hands: {
      drain: () => {
        expect(bench.told).toEqual([]);
        return Promise.resolve(++stops < 3 ? "busy" : "stopped");
      },
    },
  });
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "deregistered");
  expect([stops, bench.told]).toEqual([3, ["clean 1"]]);
});
