// What the agent does when AWS says that it may take, or takes, its machine back.
import { expect, test } from "vitest";
import { next, type View } from "../../agent/decide.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { limits } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { viewOf } from "./view-of.ts";

const view = (record: InstanceRecord, changes: Partial<View> = {}): View =>
  viewOf(record, { bootedAt: now - limits.bootMs, ...changes });

const idle = recordOf({ said: "deregistered" });
const running = recordOf({ ...owned, state: "running", said: "registered" });
const serving = { assignment: 1, configured: true, listener: "online", busy: true, jobs: 1 } as const;

test("a recommendation to rebalance ends an idle machine, and disturbs no run", () => {
  const interruption = { kind: "rebalance", at: now } as const;
  expect(next(view(idle, { interruption }))).toMatchObject({ kind: "retire", reason: "rebalance recommendation" });
  expect(next(view(running, { interruption, runner: serving })).kind).toBe("wait");
});

test("a spot notice is reported first, its running job is left alone, and then the machine ends", () => {
  const interruption = { kind: "terminate", at: now + 120_000 } as const;
  expect(next(view(running, { interruption, runner: serving }))).toMatchObject({
    kind: "signal",
    signal: "interrupted",
  });
  const said = recordOf({ ...owned, state: "running", said: "interrupted" });
  expect(next(view(said, { interruption, runner: serving })).kind).toBe("wait");
  expect(next(view(said, { interruption, runner: { ...serving, busy: false } }))).toMatchObject({
    kind: "drain",
    assignment: 1,
  });
  expect(next(view(said, { interruption })).kind).toBe("retire");
  expect(next(view(idle, { interruption })).kind).toBe("retire");
});

test("without either an idle machine waits", () => expect(next(view(idle)).kind).toBe("wait"));
