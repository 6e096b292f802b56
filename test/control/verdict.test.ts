// How a provision judges what it has taken.
import { describe, expect, test } from "vitest";
import { verdictOf } from "../../control/pool/verdict.ts";
import { wordsOfCause } from "../../entry/words/reasons.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { now, owned, recordOf } from "./record-of.ts";

const mine = (changes: Partial<InstanceRecord> & { said?: SignalKind } = {}): InstanceRecord =>
  recordOf({ ...owned, state: "claimed", ...changes });
const verdict = (record: InstanceRecord | undefined): string => {
  const judged = verdictOf(record, owned.claimId, now);
  if (judged.kind === "pending") return judged.quiet ? "pending, quiet" : "pending";
  return judged.kind === "lost"
    ? `lost (${judged.condemn ?? "nothing to condemn"}): ${wordsOfCause(judged.cause)}`
    : "ready";
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

describe("claimed from the pool a minute ago and more", () => {
  const judged = (said: SignalKind | undefined, ms: number) =>
    verdictOf(mine(said === undefined ? {} : { said }), owned.claimId, now, now - ms);
  test.for([undefined, "prepared", "deregistered"] as const)(
    "and after %s: its heartbeat keeps it no longer",
    (said) => {
      expect(judged(said, 60_000).kind).toBe("pending");
      expect(judged(said, 60_001)).toMatchObject({ kind: "lost", condemn: "condemn-unregistered", released: false });
    },
  );
  test("what was created may still boot", () =>
    expect(verdictOf(recordOf({ ...owned, state: "created" }), owned.claimId, now, now - 600_000).kind).toBe(
      "pending",
    ));
  test("it may be registering for as long as the provision lasts", () =>
    expect(judged("registering", 600_000).kind).toBe("pending"));
});

describe("lost", () => {
  test.for([
    ["its record is gone", undefined, "nothing to condemn"],
    ["no longer this provision's own", mine({ claimId: "theirs" }), "nothing to condemn"],
    ["condemned", mine({ state: "terminating", reason: { code: "retired" } }), "nothing to condemn"],
    ["asked to leave", mine({ wanted: "leave" }), "nothing to condemn"],
    ["its agent ended it", mine({ retiredAt: now }), "condemn-retired"],
    ["past its threshold as", mine({ threshold: now, said: "registering" }), "condemn-expired"],
    ["prepare-failed", mine({ said: "prepare-failed" }), "condemn-unregistered"],
    ["register-failed", mine({ said: "register-failed" }), "condemn-unregistered"],
    ["interrupted", mine({ said: "interrupted" }), "condemn-unregistered"],
    ["no heartbeat for 61 s", mine({ heartbeatAt: now - 61_000 }), "condemn-unregistered"],
  ] as const)("with the reason: %s", ([why, record, by]) => {
    expect(verdict(record)).toContain(why);
    expect(verdict(record)).toContain(by);
  });
});
