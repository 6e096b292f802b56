// How a provision judges what it has taken.
import { describe, expect, test } from "vitest";
import { verdictOf } from "../../control/verdict.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { now, owned, recordOf } from "./record-of.ts";

const mine = (changes: Partial<InstanceRecord> & { said?: SignalKind } = {}): InstanceRecord =>
  recordOf({ ...owned, state: "claimed", ...changes });
const verdict = (record: InstanceRecord | undefined): string => {
  const judged = verdictOf(record, owned.claimId, now);
  if (judged.kind === "pending") return judged.quiet ? "pending, quiet" : "pending";
  return judged.kind === "lost" ? `lost (${judged.condemn ?? "nothing to condemn"}): ${judged.why}` : "ready";
};

test("registered under its assignment with a fresh heartbeat is ready", () =>
  expect(verdict(mine({ said: "registered" }))).toBe("ready"));

describe("still on its way", () => {
  test.for([undefined, "prepared", "registering", "deregistered"] as const)("after %s", (said) =>
    expect(verdict(mine(said === undefined ? {} : { said }))).toBe("pending"),
  );
  test("when it registered in an earlier assignment", () =>
    expect(verdict(mine({ assignment: 2, signal: { kind: "registered", rank: 4, assignment: 1, at: now } }))).toBe(
      "pending",
    ));
  test("and quiet without a fresh heartbeat, also when registered", () => {
    expect(verdict(mine({ said: "registered", heartbeatAt: now - 15_000 }))).toBe("pending, quiet");
    expect(verdict(recordOf({ ...owned, state: "created", heartbeatAt: now - 20_000 }))).toBe("pending, quiet");
  });
});

describe("lost", () => {
  test.for([
    ["its record is gone", undefined, "nothing to condemn"],
    ["no longer this provision's own", mine({ claimId: "theirs" }), "nothing to condemn"],
    ["condemned", mine({ state: "terminating", reason: "spot" }), "nothing to condemn"],
    ["asked to leave", mine({ wanted: "leave" }), "nothing to condemn"],
    ["its agent ended it", mine({ retiredAt: now }), "condemn-retired"],
    ["by its threshold", mine({ threshold: now, said: "registering" }), "condemn-expired"],
    ["prepare-failed", mine({ said: "prepare-failed" }), "condemn-unregistered"],
    ["register-failed", mine({ said: "register-failed" }), "condemn-unregistered"],
    ["interrupted", mine({ said: "interrupted" }), "condemn-unregistered"],
    ["no heartbeat for 61 s", mine({ heartbeatAt: now - 61_000 }), "condemn-unregistered"],
  ] as const)("with the reason: %s", ([why, record, by]) => {
    expect(verdict(record)).toContain(why);
    expect(verdict(record)).toContain(by);
  });
});
