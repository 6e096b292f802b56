// Arbitrary records, moves and agent's writes, dense where they meet: few names, moments close to each other.
import type { Cause } from "../../domain/reasons.ts";
import * as fc from "fast-check";
import { beginRegistering, heartbeat, retire, signal, signalOf, type AgentWrite } from "../../domain/agent-writes.ts";
import { life, type Move, type Moves } from "../../domain/instance.ts";
import { limits } from "../../domain/limits.ts";
import type { Need, Own } from "../../domain/needs.ts";
import {
  lifetimes,
  recordSchema,
  signalRank,
  states,
  type InstanceRecord,
  type Ownership,
  type SignalKind,
} from "../../domain/record.ts";
import { machineOf } from "../contract/newcomers.ts";

export const now = 1_700_000_000_000;
export const key = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0";

const near = (...around: readonly number[]) =>
  fc.constantFrom(...around.flatMap((moment) => [moment - 1, moment, moment + 1]));
const version = fc.integer({ min: 1, max: 3 });
const assignment = fc.integer({ min: 0, max: 2 });
const claimId = fc.constantFrom("claim-a", "claim-b");
const owner = fc.constantFrom(
  "github:run:1001:1:provision",
  "github:run:1001:2:provision",
  "github:run:1002:1:provision",
);
const kinds = Object.keys(signalRank) as SignalKind[];

const ownership: fc.Arbitrary<Ownership> = fc.record({
  owner,
  claimId,
  labels: fc.constantFrom([], ["1001", "large"]),
  registration: fc.constantFrom([], [{ forge: "github", scope: "acme/shop", labels: ["1001"], kind: "token" }]),
  lifetime: fc.constantFrom(...lifetimes),
});
const aSignal = fc
  .tuple(
    fc.constantFrom(...kinds),
    assignment,
    fc.constantFrom({}, { detail: "why" }, { cause: "token", detail: "why" } as const),
  )
  .map(([kind, number, report]) => signalOf(kind, number, now, report));

const reported = fc.record(
  {
    heartbeatAt: near(now - limits.freshHeartbeatMs, now - limits.silentHeartbeatMs, now, now + limits.aheadMs),
    signal: aSignal,
    busy: fc.boolean(),
    retiredAt: fc.constant(now),
    agentVersion: fc.constant("1.0.0"),
  },
  { requiredKeys: [] },
);

export const record: fc.Arbitrary<InstanceRecord> = fc
  .record({
    governed: fc.record({
      state: fc.constantFrom(...states),
      version,
      assignment,
      threshold: near(now, now + limits.longestRuntimeMs + limits.aheadMs),
      wanted: fc.constantFrom("serve" as const, "leave" as const),
      uses: assignment,
      schema: fc.constant(recordSchema),
    }),
    more: fc.record(
      { lastOwner: fc.constant("owner-z"), reason: fc.constant({ code: "retired" } as const), claimId },
      { requiredKeys: [] },
    ),
    owned: fc.option(ownership, { nil: undefined }),
    reported,
  })
  .map(({ governed, more, owned, reported }) => ({
    ...machineOf(key, "i-0123456789abcdef0", now - 1000, "github:acme/shop"),
    ...governed,
    ...more,
    ...owned,
    ...reported,
  }));

const own: fc.Arbitrary<Own> = fc.oneof(
  fc.record({ by: fc.constant("claim" as const), owner, claimId }),
  fc.record({ by: fc.constant("assignment" as const), owner, assignment }),
);

/** The parameters of all moves at once: a move takes of it what it knows. */
const params = fc.record({
  now: fc.constant(now),
  threshold: fc.constant(now + 60_000),
  own,
  assignment,
  signal: fc.option(aSignal, { nil: undefined }),
  reason: fc.constantFrom<Cause>({ code: "gone", by: "unknown" }, { code: "used-up", uses: 3, most: 3 }),
  claimId,
  ownership,
});

type AnyMove = { [M in Move]: { readonly move: M; readonly params: Moves[M] } }[Move];

const takes = (move: Move, everything: Record<string, unknown>): AnyMove => {
  const { ownership: owned, reason, claimId: claim, ...common } = everything;
  const create = { machine: machineOf(key, "i-0123456789abcdef0", now, "github:acme/shop"), claimId: claim };
  return {
    move,
    params: {
      ...common,
      ...(move === "create" ? create : {}),
      ...(move === "claim" || (move === "create" && claim === "claim-a") ? { ownership: owned } : {}),
      ...(move.startsWith("condemn") ? { reason } : {}),
    },
  } as unknown as AnyMove;
};

const move: fc.Arbitrary<AnyMove> = fc
  .tuple(fc.constantFrom(...(Object.keys(life) as Move[])), params)
  .map(([name, everything]) => takes(name, everything));

const ownershipNames = ["owner", "labels", "registration", "lifetime"];
const kindFor: Partial<Record<Need, SignalKind>> = {
  prepared: "prepared",
  "registered now": "registered",
  "deregistered now": "deregistered",
};

/** The record brought near to what a move needs: drawn freely, a record in which all of seven needs hold is too rare. */
function nearTo({ move, params }: AnyMove, drawn: InstanceRecord): InstanceRecord {
  const { from, needs } = life[move];
  const [state] = from.filter((one) => one !== "none");
  const next: Record<string, unknown> = { ...drawn, state: state ?? drawn.state };
  if (needs.includes("not past its threshold")) next["threshold"] = now + 1;
  if (needs.includes("not retired")) delete next["retiredAt"];
  if (needs.includes("unowned")) for (const name of ownershipNames) delete next[name];
  if (needs.includes("own claim") && "own" in params) Object.assign(next, params.own, { by: undefined });
  for (const need of needs) {
    const kind = kindFor[need];
    if (kind !== undefined) next["signal"] = signalOf(kind, drawn.assignment, now);
  }
  delete next["by"];
  return next as unknown as InstanceRecord;
}

/** A move, and the record it meets; undefined: there is none. */
export const meeting = fc
  .tuple(move, fc.option(record, { nil: undefined, freq: 9 }), fc.boolean())
  .map(([made, drawn, near]) => ({ ...made, before: near && drawn !== undefined ? nearTo(made, drawn) : drawn }));

const judged: fc.Arbitrary<Pick<InstanceRecord, "version" | "signal">> = fc
  .record({ version, signal: fc.option(aSignal, { nil: undefined }) })
  .map(({ signal: by, ...rest }) => (by === undefined ? rest : { ...rest, signal: by }));
export const agentWrite: fc.Arbitrary<AgentWrite> = fc.oneof(
  fc.tuple(aSignal, judged).map(([report, seen]) => signal(report, seen)),
  fc.tuple(assignment, judged).map(([number, seen]) => beginRegistering(signalOf("registering", number, now), seen)),
  judged.map((seen) => retire(now, seen)),
  fc.constant(
    heartbeat({
      heartbeatAt: now,
      busy: true,
      agentVersion: "2.0.0",
      vitals: { listener: "online", jobs: 1, diskFree: 0.25 },
    }),
  ),
);
