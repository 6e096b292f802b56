// A job that runs: whatever else the agent sees, up to its record's threshold nothing that it does ends the job.
import { describe, expect, test } from "vitest";
import { lastMoment, next, type View } from "../../agent/decide.ts";
import type { RunnerState } from "../../cloud/ports/runner.ts";
import { limits, maxima } from "../../domain/limits.ts";
import {
  failureCauses as causes,
  type FailureCause,
  type InstanceRecord,
  type Signal,
  type SignalKind,
} from "../../domain/record.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { viewOf } from "./view-of.ts";

const minute = 60_000;
const busy: RunnerState = { assignment: 1, configured: true, listener: "online", busy: true, jobs: 1 };

const signals: readonly SignalKind[] = ["registering", "registered", "register-failed", "listener-lost", "interrupted"];
const listeners = ["online", "starting", "exited", "none"] as const;
const failureOf = (cause: FailureCause, record: InstanceRecord, count: number): View["failure"] => ({
  assignment: record.assignment,
  outcome: { kind: "failed", cause, detail: "why" },
  count,
  retryAt: now,
});
/** Said by this process, with the cause of what failed. */
const after = (said: SignalKind, cause: FailureCause, changes: Partial<InstanceRecord> = {}): InstanceRecord => {
  const record = recordOf({ ...owned, state: "running", threshold: now + 5 * minute, said, ...changes });
  return { ...record, signal: { ...record.signal, cause, detail: "why" } as Signal };
};

describe.each(signals)("after %s", (said) => {
  test.each(causes)(
    "and a failure for %s the machine is neither ended nor given up, however its listener is",
    (cause) => {
      for (const wanted of ["serve", "leave"] as const)
        for (const listener of listeners)
          for (const kind of [undefined, "rebalance", "terminate"] as const)
            for (const task of [true, false]) {
              const record = after(said, cause, { wanted });
              const view = viewOf(record, {
                runner: { ...busy, listener },
                task,
                failure: failureOf(cause, record, maxima.passingTries),
                said: record.signal?.at,
                ...(kind === undefined ? {} : { interruption: { kind, at: now + 2 * minute } }),
              });
              const step = next(view);
              const seen = JSON.stringify({ wanted, listener, interruption: kind, task, step });
              expect(["retire", "power-off", "register", "begin-registering"], seen).not.toContain(step.kind);
              if (step.kind === "signal")
                expect(["registered", "registering", "interrupted"], seen).toContain(step.signal);
              if (step.kind === "wait") expect(step.until, seen).toBeLessThanOrEqual(record.threshold);
            }
    },
  );
});

describe("the last moment, with the table out of reach", () => {
  const out = { kind: "unreachable", problem: "out of reach" } as const;
  const last = (changes: Partial<InstanceRecord>, runner: Partial<RunnerState> = {}) => {
    const record = recordOf({ ...owned, state: "running", said: "registered", ...changes });
    return { record, last: lastMoment(viewOf(record, { sight: out, runner: { ...busy, ...runner } })) };
  };

  test("is the later one of threshold and longest runtime, whichever that is; without a job it is the threshold", () => {
    const said = now - 2000;
    const long = { maxRuntimeMs: 60 * minute };
    expect(last({ ...long, threshold: now + minute }).last).toBe(said + 60 * minute);
    expect(last({ ...long, threshold: now + 90 * minute }).last).toBe(now + 90 * minute);
    expect(last({ ...long, threshold: now + minute }, { busy: false }).last).toBe(now + minute);
    // What an earlier assignment said counts no job of this one.
    const stale = recordOf({ ...owned, state: "running", said: "registered", threshold: now + minute, assignment: 1 });
    const view = viewOf({ ...stale, assignment: 2 }, { sight: out, runner: busy });
    expect(lastMoment(view)).toBe(now + minute);
  });

  test("ends the machine, and no moment before it does", () => {
    const { record, last: moment } = last({ threshold: now + minute });
    const at = (time: number) => next(viewOf(record, { sight: out, runner: busy, now: time })).kind;
    expect([at(moment - 1), at(moment)]).toEqual(["wait", "power-off"]);
  });

  test("holds too where the record is not there: a job that runs is not ended for it", () => {
    const record = recordOf({ ...owned, state: "running", said: "registered" });
    const gone = (runner: RunnerState) => next(viewOf(record, { sight: { kind: "none" }, known: record, runner })).kind;
    expect([gone(busy), gone({ ...busy, busy: false })]).toEqual(["wait", "power-off"]);
  });
});

test("at its threshold the machine ends, with a job too, and says so; condemned or retired it ends at once", () => {
  const at = (changes: Partial<InstanceRecord>) =>
    next(viewOf(recordOf({ ...owned, state: "running", said: "registered", ...changes }), { runner: busy }));
  expect(at({ threshold: now + 1 }).kind).toBe("wait");
  expect(at({ threshold: now })).toMatchObject({ kind: "retire", reason: expect.stringContaining("a job running") });
  expect(at({ state: "terminating" }).kind).toBe("power-off");
  expect(at({ state: "terminated" }).kind).toBe("power-off");
  expect(at({ retiredAt: now }).kind).toBe("power-off");
});

describe("a failed registration", () => {
  const step = (cause: (typeof causes)[number], count: number) => {
    const record = after("registering", cause);
    const runner: RunnerState = { assignment: undefined, configured: false, listener: "none", busy: false, jobs: 0 };
    const { kind } = next(
      viewOf(record, { runner, said: record.signal?.at, failure: failureOf(cause, record, count) }),
    );
    return kind;
  };
  const tries: Readonly<Record<(typeof causes)[number], number>> = {
    version: 1,
    refused: 1,
    token: maxima.registrationTries,
    "name-taken": maxima.registrationTries,
    // Words that nobody knows: GitHub's own fault as likely as the machine's.
    other: maxima.registrationTries,
    "rate-limit": maxima.passingTries,
    network: maxima.passingTries,
  };
  test.each(Object.entries(tries))("for %s is given up with failure %i, not before", (cause, count) => {
    const kind = cause as (typeof causes)[number];
    expect(step(kind, count)).toBe("signal");
    if (count > 1) expect(step(kind, count - 1)).toBe("register");
  });
  test("pauses before it is tried again, and no longer than the limits say", () => {
    const record = after("registering", "token");
    const failure = { ...failureOf("token", record, 1), retryAt: now + 1000 } as View["failure"];
    expect(next(viewOf(record, { said: record.signal?.at, failure }))).toEqual({ kind: "wait", until: now + 1000 });
    expect(limits.agentRetryMs).toBeLessThan(limits.agentRetryMostMs);
  });
});
