// Every situation in which a move can be tried: the record as it is, and what its caller knows and claims to own.
import type { Whole } from "../../cloud/aws/stored-shape.ts";
import { someMachine } from "../../sim/idle-instance.ts";
import type { Move, Moves } from "../../domain/instance.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import { recordSchema, signalRank, states } from "../../domain/record.ts";
import type { InstanceRecord, Machine, Ownership, SignalKind, State, Wanted } from "../../domain/record.ts";

/** The moment of every decision, epoch ms. */
export const now = Date.UTC(2026, 0, 2, 3, 4, 5);
/** The threshold that every move sets. */
export const newThreshold = now + 99_000;

export const machine: Machine = {
  ...someMachine,
  launchedAt: now - 60_000,
};

const ownership = (runId: string, attempt: number, provisionId: string, claimId: string): Whole<Ownership> => ({
  owner: formatOwner(runOwner(runId, attempt, provisionId)),
  claimId,
  labels: [runId],
  registration: [{ forge: "github", scope: "octo/app", labels: [runId], kind: "token" }],
  lifetime: "pooled",
  maxRuntimeMs: 1_800_000,
});

/** Who calls: run 1001, its second attempt, the provision job `build`. */
export const caller = ownership("1001", 2, "build", "claim-of-caller");

/** Whose the record is, seen from the caller. */
export const owners = {
  nobody: {},
  "nobody, made by caller": { claimId: caller.claimId },
  caller,
  "caller by another claim": ownership("1001", 2, "build", "claim-of-before"),
  "its earlier attempt": ownership("1001", 1, "build", "claim-of-attempt-1"),
  "its later attempt": ownership("1001", 3, "build", "claim-of-attempt-3"),
  "another provision of its attempt": ownership("1001", 2, "lint", "claim-of-lint"),
  "another run": ownership("2002", 1, "build", "claim-of-2002"),
} as const satisfies Record<string, Partial<Ownership>>;
export type OwnerName = keyof typeof owners;

export type Sign = { readonly kind: SignalKind; readonly of: "this assignment" | "an earlier one" } | undefined;
const signs: readonly Sign[] = [
  undefined,
  ...(Object.keys(signalRank) as SignalKind[]).flatMap((kind): Sign[] => [
    { kind, of: "this assignment" },
    { kind, of: "an earlier one" },
  ]),
];

/** Milliseconds that the threshold lies ahead; the last by far more than any move sets. */
const aheads = [60_000, 0, 9e14] as const;
/** Age of the heartbeat, ms; both sides of the borders. */
const heartbeatAges = [undefined, -60_001, -60_000, 15_000, 60_000, 60_001] as const;

export interface Situation {
  readonly state: State | "none";
  readonly owner: OwnerName;
  readonly sign: Sign;
  readonly wanted: Wanted;
  readonly ahead: number;
  readonly retired: boolean;
  readonly heartbeatAge: number | undefined;
}

const nothing: Situation = {
  state: "none",
  owner: "nobody",
  sign: undefined,
  wanted: "serve",
  ahead: 0,
  retired: false,
  heartbeatAge: undefined,
};

export function* situations(): Generator<Situation> {
  yield nothing;
  for (const state of states)
    for (const owner of Object.keys(owners) as OwnerName[])
      for (const sign of signs)
        for (const wanted of ["serve", "leave"] as const)
          for (const ahead of aheads)
            for (const retired of [false, true])
              for (const heartbeatAge of heartbeatAges)
                yield { state, owner, sign, wanted, ahead, retired, heartbeatAge };
}

export const versionNow = 7;
export const assignmentNow = 4;

/** The record of a situation; undefined where there is none. */
export function recordOf(situation: Situation): InstanceRecord | undefined {
  const { state, owner, sign, wanted, ahead, retired, heartbeatAge } = situation;
  if (state === "none") return undefined;
  const assignment = sign?.of === "an earlier one" ? assignmentNow - 1 : assignmentNow;
  return {
    ...machine,
    ...owners[owner],
    schema: recordSchema,
    state,
    version: versionNow,
    assignment: assignmentNow,
    uses: 5,
    threshold: now + ahead,
    wanted,
    ...(sign === undefined
      ? {}
      : { signal: { kind: sign.kind, rank: signalRank[sign.kind], assignment, at: now - 2_000 } }),
    ...(retired ? { retiredAt: now - 500 } : {}),
    ...(heartbeatAge === undefined ? {} : { heartbeatAt: now - heartbeatAge }),
  };
}

/** By what right the caller calls: its claim, its owner with the assignment that it saw, or with one that is past. */
export type Right =
  | "claim"
  | "owner"
  | "owner, assignment past"
  | "assignment"
  | "assignment past"
  | "idle floor"
  | "plain";

export interface Call<M extends Move = Move> {
  readonly move: M;
  readonly right: Right;
  readonly params: Moves[M];
}

const at = { now };
const until = { now, threshold: newThreshold };
/** The last signal as whoever condemns has read it. */
export const readSignal = { kind: "registered", rank: signalRank.registered, assignment: 3, at: now - 9_000 } as const;
const why = { ...until, reason: { code: "operator", reason: "the caller's" } as const, signal: readSignal };
const byClaim = { own: { by: "claim", owner: caller.owner, claimId: caller.claimId } } as const;
const byOwner = (assignment: number) => ({ own: { by: "assignment", owner: caller.owner, assignment } }) as const;

const call = <M extends Move>(move: M, right: Right, params: Moves[M]): Call<M> => ({ move, right, params });

/** A move of the caller's own, once by each right. */
const owned = <
  M extends
    | "ask-to-leave"
    | "release"
    | "condemn-unregistered"
    | "condemn-deleted"
    | "condemn-not-found"
    | "condemn-left",
>(
  move: M,
  rest: Omit<Moves[M], "own">,
): Call[] =>
  [
    call(move, "claim", { ...rest, ...byClaim } as unknown as Moves[M]),
    call(move, "owner", { ...rest, ...byOwner(assignmentNow) } as unknown as Moves[M]),
    call(move, "owner, assignment past", { ...rest, ...byOwner(assignmentNow - 1) } as unknown as Moves[M]),
  ] as Call[];

/** Every way to call every move. */
export const calls: readonly Call[] = [
  call("create", "claim", { ...until, machine, claimId: caller.claimId, ownership: caller }),
  call("create", "idle floor", { ...until, machine, claimId: caller.claimId }),
  call("park-prepared", "plain", until),
  call("park-left", "claim", { ...until, ...byClaim }),
  call("claim", "claim", { ...until, ownership: caller }),
  call("start", "claim", { ...until, ...byClaim }),
  call("extend-idle", "plain", until),
  call("extend-running", "claim", { ...until, ...byClaim }),
  ...owned("ask-to-leave", at),
  ...owned("release", until),
  call("condemn-expired", "plain", why),
  call("condemn-retired", "plain", why),
  call("condemn-gone", "plain", why),
  call("condemn-evicted", "assignment", { ...why, assignment: assignmentNow }),
  call("condemn-evicted", "assignment past", { ...why, assignment: assignmentNow - 1 }),
  call("condemn-silent", "assignment", { ...why, assignment: assignmentNow }),
  call("condemn-silent", "assignment past", { ...why, assignment: assignmentNow - 1 }),
  ...owned("condemn-unregistered", why),
  ...owned("condemn-deleted", why),
  ...owned("condemn-not-found", why),
  ...owned("condemn-left", why),
  call("confirm", "plain", until),
] as readonly Call[];
