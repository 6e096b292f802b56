// Giving a registration up: the control plane may end a machine that reports so: nothing may be left that could still take a job.
import { expect, test } from "vitest";
import { next, type View } from "../../agent/decide.ts";
import type { RunnerState } from "../../cloud/ports/runner.ts";
import { limits, maxima } from "../../domain/limits.ts";
import type { InstanceRecord, Signal } from "../../domain/record.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { viewOf } from "./view-of.ts";

const said = recordOf({ ...owned, state: "claimed", said: "registering" });
const record: InstanceRecord = { ...said, signal: { ...said.signal, cause: "network", detail: "refused" } as Signal };
const outcome = { kind: "failed", cause: "network", detail: "the listener did not listen within 90000 ms" } as const;
const failure = { assignment: record.assignment, outcome, count: maxima.passingTries, retryAt: now };

const seen = (runner: Partial<RunnerState>, count: number = failure.count): View =>
  viewOf(record, {
    runner: { assignment: record.assignment, configured: true, listener: "starting", busy: false, jobs: 0, ...runner },
    failure: { ...failure, count },
    said: record.signal?.at,
  });

test("a listener that lives and does not listen is tried again, then stopped, and only then the failure is said", () => {
  expect(next(seen({}, failure.count - 1))).toMatchObject({ kind: "resume" });
  expect(next(seen({}))).toEqual({ kind: "stop", assignment: record.assignment });
  const stopped = { configured: false, listener: "none", assignment: undefined } as const;
  expect(next(seen(stopped))).toMatchObject({ kind: "signal", signal: "register-failed" });
});

test("one that has ended by itself needs no stop", () => {
  expect(next(seen({ listener: "exited", exitCode: 1 }))).toMatchObject({ kind: "signal", signal: "register-failed" });
});

test("one that listens at the last moment is registered, and one that has a job is neither stopped nor given up", () => {
  expect(next(seen({ listener: "online" }))).toMatchObject({ kind: "signal", signal: "registered" });
  expect(next(seen({ busy: true }))).toEqual({ kind: "wait", until: now + limits.busyPollMs });
});
