// The agent's writes: they touch only its attributes, never make an item, and its signals only move forward.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginRegistering, heartbeat, retire, signal, signalOf, type AgentWrite } from "../../domain/agent-writes.ts";
import { holds } from "../../domain/condition.ts";
import { decide } from "../../domain/instance.ts";
import { agentAttributes, signalRank, type InstanceRecord, type SignalKind } from "../../domain/record.ts";
import { caller, newThreshold, now, recordOf, type Situation } from "./situations.ts";

const kinds = Object.keys(signalRank) as SignalKind[];
const serving: Situation = {
  state: "claimed",
  owner: "caller",
  sign: undefined,
  wanted: "serve",
  ahead: 60_000,
  retired: false,
  heartbeatAge: 1_000,
};
const record = (part: Partial<Situation> = {}): InstanceRecord =>
  recordOf({ ...serving, ...part }) ?? expect.fail("no record");

/** As the table would: the write takes effect where its condition holds. */
const applied = (write: AgentWrite, item: InstanceRecord): InstanceRecord =>
  holds(write.condition, item) ? { ...item, ...write.set } : item;

const vitals = { listener: "none", jobs: 0, diskFree: 1 } as const;
const beat = heartbeat({ heartbeatAt: now, busy: false, agentVersion: "1", vitals });
const registering = (assignment: number) => signalOf("registering", assignment, now);

const writes: readonly [string, AgentWrite][] = [
  ["a heartbeat", beat],
  ["a signal", signal(signalOf("registered", 4, now), record())],
  ["registering", beginRegistering(registering(4), record())],
  ["retiring", retire(now, record())],
];

describe.each(writes)("%s", (_, write) => {
  test("holds on the record that it was made for", () => {
    expect(holds(write.condition, record())).toBe(true);
  });

  test("never makes an item that does not exist", () => {
    expect(holds(write.condition, {})).toBe(false);
  });

  test("writes attributes of the agent only", () => {
    for (const name of Object.keys(write.set)) expect(agentAttributes).toContain(name);
  });
});

test.each(writes.filter(([name]) => name !== "a signal"))("%s is refused once the agent has retired", (_, write) => {
  expect(holds(write.condition, record({ retired: true }))).toBe(false);
});

test("a last signal is still told after retiring: why it ends is worth knowing", () => {
  expect(holds(signal(signalOf("interrupted", 4, now), record()).condition, record({ retired: true }))).toBe(true);
});

describe("signals", () => {
  const newest = (signals: readonly { assignment: number; rank: number }[]) =>
    signals.toSorted((a, b) => b.assignment - a.assignment || b.rank - a.rank)[0];

  test("written in any order, however delayed and repeated, end with the newest", () => {
    const one = fc.record({ kind: fc.constantFrom(...kinds), assignment: fc.integer({ min: 0, max: 4 }) });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), (told) => {
        const all = told.map(({ kind, assignment }, at) => signalOf(kind, assignment, at));
        const last = all.reduce((item, one) => applied(signal(one, item), item), record()).signal;
        expect(last).toMatchObject({ rank: newest(all)?.rank, assignment: newest(all)?.assignment });
      }),
    );
  });

  test("of one life, in which each comes after the other, arrive in any interleaving without an older one overwriting a newer", () => {
    const life = [0, 1, 2].flatMap((assignment) =>
      kinds.map((kind) => signalOf(kind, assignment, assignment * 100 + signalRank[kind])),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(life, { minLength: 2 }), (arrivals) => {
        let item = record();
        for (const arrival of arrivals) {
          const before = item.signal?.at ?? -1;
          item = applied(signal(arrival, item), item);
          expect(item.signal?.at).toBe(Math.max(before, arrival.at));
        }
      }),
    );
  });

  test("told again, by a retry whose first reply was lost, leave the first in place", () => {
    const first = applied(signal(signalOf("registered", 4, 100), record()), record());
    expect(applied(signal(signalOf("registered", 4, 200), record()), first).signal?.at).toBe(100);
  });

  test("that stand may be said again, and what was decided upon them before does not land any more", () => {
    const stood = applied(signal(signalOf("registering", 4, 100), record()), record());
    const failed = signal(signalOf("register-failed", 4, 150), stood);
    expect(holds(failed.condition, stood)).toBe(true);
    const again = applied(beginRegistering(signalOf("registering", 4, 200), stood), stood);
    expect(again.signal?.at).toBe(200);
    expect(holds(failed.condition, again)).toBe(false);
    expect(holds(beginRegistering(signalOf("registering", 4, 300), stood).condition, again)).toBe(false);
  });

  test("have a rank of their own each, and `prepared` the lowest, `deregistered` the highest", () => {
    const ranks = kinds.map((kind) => signalRank[kind]);
    expect(new Set(ranks).size).toBe(kinds.length);
    expect(Math.min(...ranks)).toBe(signalRank.prepared);
    expect(Math.max(...ranks)).toBe(signalRank.deregistered);
    expect(signalRank.registering).toBeLessThan(signalRank.registered);
    expect(signalRank.registered).toBeLessThan(signalRank["listener-lost"]);
  });

  test("carry a cause and a detail where they are given", () => {
    expect(signalOf("register-failed", 2, 5, { cause: "token", detail: "expired" })).toEqual({
      kind: "register-failed",
      rank: signalRank["register-failed"],
      assignment: 2,
      at: 5,
      cause: "token",
      detail: "expired",
    });
    expect(Object.keys(signalOf("prepared", 0, 5))).toEqual(["kind", "rank", "assignment", "at"]);
  });
});

describe("of a control plane's move and an agent's judgement on the version before it, one wins:", () => {
  const judged = record({ state: "idle", owner: "nobody" });
  const claim = (item: InstanceRecord) => decide("claim", item, { now, threshold: newThreshold, ownership: caller });

  test("a claim first: the agent does not retire", () => {
    const claimed = claim(judged);
    expect(claimed.kind).toBe("done");
    expect(holds(retire(now, judged).condition, claimed.record)).toBe(false);
  });

  test("retiring first: the claim is refused, and says why", () => {
    expect(claim(applied(retire(now, judged), judged))).toMatchObject({ kind: "refused", why: "not retired" });
  });

  test("asked to leave first: the agent does not begin to register", () => {
    const served = record();
    const own = { by: "claim", owner: caller.owner, claimId: caller.claimId } as const;
    const asked = decide("ask-to-leave", served, { now, own });
    expect(holds(beginRegistering(registering(4), served).condition, asked.record)).toBe(false);
  });

  test("registering first: it is not condemned as one that has not begun to", () => {
    const served = record();
    const own = { by: "claim", owner: caller.owner, claimId: caller.claimId } as const;
    const begun = applied(beginRegistering(registering(4), served), served);
    const condemned = decide("condemn-unregistered", begun, {
      now,
      threshold: newThreshold,
      own,
      reason: { code: "not-ready" },
    });
    expect(condemned).toMatchObject({ kind: "refused", why: "not begun to register" });
  });
});
