// GitHub refuses the runner's version: no machine of this image can serve, so it retires, whichever agent has said so before.
import { expect, test } from "vitest";
import { next, type View } from "../../agent/decide.ts";
import { failureOf } from "../../agent/runners/github/registration-outcome.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import type { InstanceRecord, Signal, SignalReport } from "../../domain/record.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration } from "./agent-bench.ts";
import { viewOf } from "./view-of.ts";

const lines = Array.from({ length: 20 }, (_none, index) => `line ${index} ${"x".repeat(200)}`);
const refused = failureOf("GitHub refuses this version of the runner (listener exit 7)", lines, "version");
const retired = { kind: "retire", reason: "the forge refuses this version of the runner" };

/** What an agent that has just started sees: nothing is in its memory. */
const afresh = (record: InstanceRecord): View =>
  viewOf(record, {
    runner: { assignment: 1, configured: true, listener: "exited", exitCode: 7, busy: false, jobs: 0 },
  });
const failedWith = (report: SignalReport, assignment = 1): InstanceRecord =>
  recordOf({ ...owned, state: "claimed", signal: signalOf("register-failed", assignment, now - 2000, report) });

test("an agent killed between its word and its retirement retires by the record's word", async () => {
  let signal: Signal | undefined;
  const record = recordOf({ ...owned, state: "claimed", said: "prepared", registration });
  const killed = agentBench({
    record,
    outcome: refused,
    // The crash: the word is written down, and nothing is done after it.
    own: () => ({ retire: () => new Promise(() => undefined) }),
  });
  void killed.run();
  await killed.until(() => (signal = killed.record().signal)?.kind === "register-failed");
  expect(next(afresh(recordOf({ ...record, ...(signal === undefined ? {} : { signal }) })))).toMatchObject(retired);
});

test("any other failure leaves the machine to the control plane, and one of an earlier assignment counts for nothing", () => {
  expect(next(afresh(failedWith({ cause: "refused" })))).toMatchObject({ kind: "wait" });
  expect(next(afresh(failedWith({ cause: "version" }, 0)))).not.toMatchObject(retired);
});

test("the cause decides, not the words: those may begin with another's", () => {
  expect(next(afresh(failedWith({ cause: "refused", detail: "version: too old" })))).toMatchObject({ kind: "wait" });
  expect(next(afresh(failedWith({ detail: "version: too old" })))).toMatchObject({ kind: "wait" });
  expect(next(afresh(failedWith({ cause: "version", detail: "refused: go away" })))).toMatchObject(retired);
});

test("one that is not killed retires at once, and powers off", async () => {
  const bench = agentBench({
    record: recordOf({ ...owned, state: "claimed", said: "prepared", registration }),
    outcome: refused,
  });
  expect([await bench.ended(), bench.record().signal?.kind]).toEqual(["retired", "register-failed"]);
  expect(bench.clock.now()).toBeLessThan(bench.record().threshold);
});

test("a listener that has served and is refused since is lost, not unregistered: a job of its run may have been; the machine retires all the same", async () => {
  const record = recordOf({ ...owned, state: "running", said: "registered", registration });
  const bench = agentBench({
    record,
    runner: { assignment: 1, configured: true, listener: "exited", exitCode: 7, jobs: 1 },
    resumed: refused,
  });
  await bench.ended();
  expect(bench.record().signal).toMatchObject({ kind: "listener-lost", cause: "version" });
  expect(bench.events.find(({ name }) => name === "agent.retired")?.facts).toEqual({ reason: retired.reason });
  const said = recordOf({ ...record, signal: signalOf("listener-lost", 1, now, { cause: "network" }) });
  expect(next(afresh(said))).toMatchObject({ kind: "retire", reason: "the listener could not be kept up" });
});
