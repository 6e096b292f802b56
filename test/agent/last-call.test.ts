// A listener without a job stops before its machine's threshold, so that no job lands on a machine that is about to end.
import { expect, test } from "vitest";
import { next, type View } from "../../agent/decide.ts";
import { limits } from "../../domain/limits.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { viewOf } from "./view-of.ts";

const minute = 60_000;
const online: View["runner"] = { assignment: 1, configured: true, listener: "online", busy: false, jobs: 0 };
/** Registered half an hour before its threshold, of which so much is left. */
const serving = (left: number, changes: Parameters<typeof recordOf>[0] = {}) => {
  const record = recordOf({ ...owned, state: "running", said: "registered", threshold: now + left, ...changes });
  return { ...record, signal: { kind: "registered", rank: 4, assignment: 1, at: now + left - 30 * minute } as const };
};
const step = (record: ReturnType<typeof serving>, runner: Partial<View["runner"]> = {}) =>
  next(viewOf(record, { runner: { ...online, ...runner }, said: record.signal.at, turnMs: Number.POSITIVE_INFINITY }));

test("up to then it listens, and wakes for it", () =>
  expect(step(serving(limits.lastJobMs + 1))).toEqual({ kind: "wait", until: now + 1 }));

test("then it stops, in the step that hits no job, and is not kept up any more: a release has the machine still", () => {
  expect(step(serving(limits.lastJobMs))).toEqual({ kind: "drain", assignment: 1 });
  expect(step(serving(limits.lastJobMs), { assignment: undefined, listener: "none" })).toEqual({
    kind: "wait",
    until: now + limits.lastJobMs,
  });
});

test.for([limits.lastJobMs, minute, 1])("a job that runs with %i ms left is left alone", (left) => {
  const told = step(serving(left), { busy: true });
  expect(told).toEqual({ kind: "wait", until: Math.min(now + left, now + limits.busyPollMs) });
});

test("a machine that is given for a minute listens for half of it", () => {
  const record = {
    ...serving(31_000),
    signal: { kind: "registered", rank: 4, assignment: 1, at: now - 29_000 } as const,
  };
  expect(step(record)).toEqual({ kind: "wait", until: now + 1000 });
});

test.for(["created", "claimed"] as const)("one that is %s still is about to be started, and listens", (state) =>
  expect(step(serving(minute, { state }))).toEqual({ kind: "wait", until: now + minute }),
);
