// Reasons are data: what is made of them does not hang on their words.
import { expect, test } from "vitest";
import { adviceOn, isAmong, reasonOf } from "../../control/pool/reasons.ts";
import type { LaunchReason } from "../../domain/reasons.ts";
import { wordsOfReason } from "../../entry/words/reasons.ts";
import { now, owned, recordOf } from "./record-of.ts";

const launch = (kind: LaunchReason["kind"], reason: string): LaunchReason => ({
  code: "launch",
  rung: "as-asked",
  kind,
  reason,
});

test("advice goes by what kind of failure it was, whatever AWS's words say", () => {
  expect(adviceOn([launch("no-capacity", "a"), launch("no-capacity", "b"), launch("quota", "c")])).toEqual([
    { code: "advice", on: "no-capacity" },
    { code: "advice", on: "quota" },
  ]);
  expect(adviceOn([launch("unknown", "odd: no-capacity: of anything: no-type: too")])).toEqual([]);
  expect(adviceOn([{ code: "error", problem: "as asked: quota: it says" }])).toEqual([]);
});

test("what an agent said last is told once: with the failure, or beside another reason, and only of this assignment", () => {
  const said = {
    kind: "registering",
    rank: 3,
    assignment: 1,
    at: now,
    cause: "network",
    detail: "no answer\nat all",
  } as const;
  const record = recordOf({ ...owned, state: "claimed", signal: said });
  const failed = { ...said, kind: "register-failed" } as const;
  expect(wordsOfReason(reasonOf({ ...record, signal: failed }, { code: "failed", signal: failed }))).toMatch(
    /: register-failed: network: no answer\nat all \(view console: /,
  );
  expect(wordsOfReason(reasonOf(record, { code: "condemned", cause: { code: "retired" } }))).toContain(
    ": it was condemned: its agent ended it; last signal: registering (network: no answer) (view console: ",
  );
  expect(wordsOfReason(reasonOf({ ...record, assignment: 2 }, { code: "not-ready" }))).toContain(
    "; last signal: none (view console",
  );
});

test("the same reason is one, of another instance it is another", () => {
  const record = recordOf({ ...owned, state: "claimed" });
  const reasons = [reasonOf(record, { code: "silent", ms: 61_000 })];
  expect(isAmong(reasons, reasonOf(record, { code: "silent", ms: 61_000 }))).toBe(true);
  expect(isAmong(reasons, reasonOf({ ...record, instanceId: "i-2" }, { code: "silent", ms: 61_000 }))).toBe(false);
});
