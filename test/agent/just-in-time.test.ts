// A record that asks for a just-in-time configuration: none is brought to instances, and a registration token is no stand-in for one.
import { expect, test } from "vitest";
import { owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration } from "./agent-bench.ts";

test("it is refused at once with a reason, and the registration token goes nowhere", async () => {
  const [byToken] = registration;
  const asked = [{ ...byToken, mode: "jit" }] as const;
  const bench = agentBench({
    record: recordOf({ ...owned, state: "claimed", said: "prepared", registration: asked }),
  });
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "register-failed");
  expect(bench.requests).toEqual([]);
  expect(bench.record().signal?.detail).toMatch(/^other: no just-in-time configuration/);
  // Trying again mends nothing.
  expect(bench.events.filter(({ name }) => name === "agent.registration-failed")).toHaveLength(1);
});

test("by token it goes on as ever", async () => {
  const bench = agentBench({ record: recordOf({ ...owned, state: "claimed", said: "prepared", registration }) });
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "registered");
  expect(bench.requests).toMatchObject([{ token: "ATOKEN", registration: { mode: "token" } }]);
});
