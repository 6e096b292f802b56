// The conditions that the life table names, in words and as data.
import { absent, and, compare, exists, not, or, path, type Condition } from "./condition.ts";
import { limits } from "./limits.ts";
import type { InstanceRecord, Ownership, SignalKind } from "./record.ts";

/** The right of the one who claimed or created it for this very owner. */
export interface OwnClaim {
  readonly by: "claim";
  readonly owner: string;
  readonly claimId: string;
}

/** The right to speak for its owner: the caller has checked by the owner's name that it may (`isOfRun`). */
export interface OwnAssignment {
  readonly by: "assignment";
  /** As the caller listed both: an assignment has one owner. */
  readonly owner: string;
  readonly assignment: number;
}

export const ownAssignment = ({
  owner = "",
  assignment,
}: Pick<InstanceRecord, "owner" | "assignment">): OwnAssignment => ({
  by: "assignment",
  owner,
  assignment,
});

/** By what right a caller calls an instance its own: by its claim (roll-back, start), or for its owner (release, refresh). */
export type Own = OwnClaim | OwnAssignment;

/** Every condition that the table names, in words for the docs. */
export const needs = {
  "not past its threshold": "the threshold lies ahead, no further than the longest runtime",
  "not retired": "the agent has not decided to end itself",
  "heartbeat fresh": `the heartbeat is younger than ${limits.freshHeartbeatMs / 1000} s, and not from the future`,
  unowned: "nobody owns it",
  "own claim": "same owner and same claimId",
  own: "own claim; or the owner and the assignment as the caller listed them",
  "wanted to serve": "`wanted` is `serve`",
  "asked to leave": "`wanted` is `leave`",
  prepared: "signal `prepared`",
  "registered now": "signal `registered` of this assignment",
  "deregistered now": "signal `deregistered` of this assignment",
  "not begun to register": "no signal of this assignment that says it registers or is registered",
  "not registering now": "the last signal is not `registering` of this assignment",
  "past its threshold": "the threshold has passed, or lies further ahead than any that a move sets",
  retired: "`retiredAt` is set",
  "heartbeat over a minute old": `there is no heartbeat of the last ${limits.silentHeartbeatMs / 1000} s`,
  "assignment as judged": "it has had no owner since the caller judged it",
} as const;
export type Need = keyof typeof needs;

/** All parameters of the moves, for the one function that turns a need into its condition. */
export type MoveParams = { readonly now: number } & Partial<{
  own: Own;
  assignment: number;
  claimId: string;
  ownership: Ownership;
}>;

const signalIs = (kind: SignalKind): Condition => compare("signal.kind", "=", kind);
const ofThisAssignment = compare("signal.assignment", "=", path("assignment"));
const ofAnotherAssignment = compare("signal.assignment", "<>", path("assignment"));
const byClaim = (owner: string, claimId: string): Condition =>
  and(compare("owner", "=", owner), compare("claimId", "=", claimId));

/** The furthest that a threshold may lie ahead: the longest runtime, and what two clocks may differ by. */
const furthest = (now: number): number => now + limits.longestRuntimeMs + limits.aheadMs;
const isAhead = (now: number): Condition =>
  and(compare("threshold", ">", now), compare("threshold", "<=", furthest(now)));

/** Past its threshold as the moves have it: a threshold beyond every possible one was not set by a move, and counts for nothing. */
export const isPast = ({ threshold }: { readonly threshold: number }, now: number): boolean =>
  threshold <= now || threshold > furthest(now);

const heardWithin = (ms: number, now: number): Condition =>
  and(compare("heartbeatAt", ">=", now - ms), compare("heartbeatAt", "<=", now + limits.aheadMs));

const ownBy = (own: Own | undefined): Condition => {
  if (own === undefined) throw new Error("a move of one's own needs `own`");
  if (own.by === "claim") return byClaim(own.owner, own.claimId);
  return and(compare("owner", "=", own.owner), compare("assignment", "=", own.assignment));
};

const ownClaim = (params: MoveParams): Condition => {
  if (params.ownership !== undefined) return byClaim(params.ownership.owner, params.ownership.claimId);
  if (params.own !== undefined) return ownBy(params.own);
  if (params.claimId !== undefined) return compare("claimId", "=", params.claimId);
  throw new Error("a move of one's own claim needs `own`, `ownership` or `claimId`");
};

export const asCondition: { readonly [N in Need]: (params: MoveParams) => Condition } = {
  "not past its threshold": (params) => isAhead(params.now),
  "not retired": () => absent("retiredAt"),
  "heartbeat fresh": (params) =>
    and(
      compare("heartbeatAt", ">", params.now - limits.freshHeartbeatMs),
      compare("heartbeatAt", "<=", params.now + limits.aheadMs),
    ),
  unowned: () => absent("owner"),
  "own claim": ownClaim,
  own: (params) => ownBy(params.own),
  "wanted to serve": () => compare("wanted", "=", "serve"),
  "asked to leave": () => compare("wanted", "=", "leave"),
  prepared: () => signalIs("prepared"),
  "registered now": () => and(signalIs("registered"), ofThisAssignment),
  "deregistered now": () => and(signalIs("deregistered"), ofThisAssignment),
  "not begun to register": () =>
    or(
      absent("signal"),
      ofAnotherAssignment,
      signalIs("prepared"),
      signalIs("prepare-failed"),
      signalIs("register-failed"),
      signalIs("deregistered"),
    ),
  "not registering now": () => or(absent("signal"), ofAnotherAssignment, compare("signal.kind", "<>", "registering")),
  "past its threshold": (params) => not(isAhead(params.now)),
  retired: () => exists("retiredAt"),
  "heartbeat over a minute old": (params) =>
    or(absent("heartbeatAt"), not(heardWithin(limits.silentHeartbeatMs, params.now))),
  "assignment as judged": (params) => {
    if (params.assignment === undefined) throw new Error("a move on a judged assignment needs `assignment`");
    return compare("assignment", "=", params.assignment);
  },
};
