// The life of an instance once more, in plain predicates after the design's words: nothing here comes from domain/instance.ts' table.
import type { life, Move, Refusal } from "../../domain/instance.ts";
import type { State } from "../../domain/record.ts";
import type { Right, Situation } from "./situations.ts";

type Row = (typeof life)[Move];
type Says = (s: Situation, right: Right) => boolean;

// ---- what is so ----

const day = 24 * 3_600_000;
/** Within five days, the longest runtime, and a minute for two clocks. */
const ahead = (s: Situation): boolean => s.ahead > 0 && s.ahead <= 5 * day + 60_000;
/** Not past its threshold, and the agent has not decided to end itself. */
const alive = (s: Situation): boolean => ahead(s) && !s.retired;
const unowned = (s: Situation): boolean => s.owner === "nobody" || s.owner === "nobody, made by caller";
/** Same owner and same claim id. */
const ownClaim = (s: Situation): boolean => s.owner === "caller";
/** The very owner that the caller listed: an earlier attempt's is listed under its own name. */
const sameOwner = (s: Situation): boolean => s.owner === "caller" || s.owner === "caller by another claim";
/** For a roll-back by claim; for release by owner and assignment as the caller listed both. */
const own: Says = (s, right) => {
  if (right === "owner, assignment past") return false;
  return right === "claim" ? ownClaim(s) : sameOwner(s);
};
const createdByCaller: Says = (s, right) =>
  right === "idle floor" ? s.owner === "caller" || s.owner === "nobody, made by caller" : s.owner === "caller";
const judged: Says = (_, right) => right === "assignment";

const reported = (s: Situation, kind: string): boolean => s.sign?.kind === kind;
const reportedNow = (s: Situation, kind: string): boolean => reported(s, kind) && s.sign?.of === "this assignment";
/** Of this assignment only the last signal is kept: `listener-lost` comes after `registered`, `interrupted` may come after either. */
const begunToRegister = (s: Situation): boolean =>
  ["registering", "registered", "listener-lost", "interrupted"].some((kind) => reportedNow(s, kind));
/** More than a minute ahead of now, which no clock of ours is. */
const fromTheFuture = (s: Situation): boolean => (s.heartbeatAge ?? 0) < -60_000;
/** Younger than three periods of five seconds. */
const fresh = (s: Situation): boolean => s.heartbeatAge !== undefined && s.heartbeatAge < 15_000 && !fromTheFuture(s);
/** Older than a minute; one that never came is. */
const silent = (s: Situation): boolean => s.heartbeatAge === undefined || s.heartbeatAge > 60_000 || fromTheFuture(s);
const serve = (s: Situation): boolean => s.wanted === "serve";
const leave = (s: Situation): boolean => s.wanted === "leave";

const created = (s: Situation): boolean => s.state === "created";
const claimed = (s: Situation): boolean => s.state === "claimed";
const running = (s: Situation): boolean => s.state === "running";
const idle = (s: Situation): boolean => s.state === "idle";
const ending = (s: Situation): boolean => s.state === "terminating" || s.state === "terminated";
const living = (s: Situation): boolean => created(s) || claimed(s) || running(s) || idle(s);
const worked = (s: Situation): boolean => created(s) || claimed(s) || running(s);

// ---- when each move may be made ----

export const may: Readonly<Record<Move, Says>> = {
  create: (s) => s.state === "none",
  "park-prepared": (s) => created(s) && alive(s) && unowned(s) && reported(s, "prepared"),
  "park-left": (s) => created(s) && alive(s) && ownClaim(s) && leave(s) && reportedNow(s, "deregistered"),
  claim: (s) => idle(s) && unowned(s) && alive(s) && fresh(s),
  start: (s) => (created(s) || claimed(s)) && ownClaim(s) && alive(s) && serve(s) && reportedNow(s, "registered"),
  "extend-idle": (s) => idle(s) && alive(s),
  "extend-running": (s) => running(s) && alive(s) && ownClaim(s),
  "ask-to-leave": (s, right) => worked(s) && own(s, right),
  release: (s, right) =>
    (claimed(s) || running(s)) && own(s, right) && alive(s) && leave(s) && reportedNow(s, "deregistered"),
  "condemn-expired": (s) => living(s) && !ahead(s),
  "condemn-retired": (s) => living(s) && s.retired,
  "condemn-gone": living,
  "condemn-evicted": (s, right) => idle(s) && judged(s, right),
  "condemn-silent": (s, right) => idle(s) && silent(s) && judged(s, right),
  "condemn-unregistered": (s, right) => (created(s) || claimed(s)) && own(s, right) && !begunToRegister(s),
  "condemn-deleted": (s, right) => worked(s) && own(s, right) && leave(s),
  "condemn-not-found": (s, right) => worked(s) && own(s, right) && leave(s) && !reportedNow(s, "registering"),
  "condemn-left": (s, right) => worked(s) && own(s, right) && leave(s) && reportedNow(s, "deregistered"),
  confirm: (s) => s.state === "terminating",
};

/** Where a move that may not be made finds that it has been made: its reply was lost, or another came to the same end. */
const parked = (s: Situation): boolean => idle(s) && unowned(s);
const never: Says = () => false;
export const madeAlready: Readonly<Record<Move, Says>> = {
  create: (s, right) => living(s) && createdByCaller(s, right),
  "park-prepared": parked,
  "park-left": parked,
  claim: (s) => (claimed(s) || running(s)) && ownClaim(s),
  start: (s) => running(s) && ownClaim(s),
  "extend-idle": never,
  "extend-running": never,
  "ask-to-leave": never,
  release: parked,
  "condemn-expired": ending,
  "condemn-retired": ending,
  "condemn-gone": ending,
  "condemn-evicted": ending,
  "condemn-silent": ending,
  "condemn-unregistered": ending,
  "condemn-deleted": ending,
  "condemn-not-found": ending,
  "condemn-left": ending,
  confirm: (s) => s.state === "terminated",
};

// ---- what each move does ----

export interface Effect {
  readonly state: State | "same";
  readonly owner: "caller" | "kept" | "none";
  readonly wanted?: "serve" | "leave";
  /** Which limit the new threshold is made of. */
  readonly threshold: Row["limit"];
}
const condemned: Effect = { state: "terminating", owner: "none", threshold: "terminateMs" };
const toIdle: Effect = { state: "idle", owner: "none", threshold: "idleMs" };

export const effects: Readonly<Record<Move, Effect>> = {
  create: { state: "created", owner: "caller", wanted: "serve", threshold: "bootMs" },
  "park-prepared": toIdle,
  "park-left": toIdle,
  claim: { state: "claimed", owner: "caller", wanted: "serve", threshold: "provisionMs" },
  start: { state: "running", owner: "kept", threshold: "maxRuntimeMs" },
  "extend-idle": { state: "same", owner: "kept", threshold: "idleMs" },
  "extend-running": { state: "same", owner: "kept", threshold: "maxRuntimeMs" },
  "ask-to-leave": { state: "same", owner: "kept", wanted: "leave", threshold: "unchanged" },
  release: toIdle,
  "condemn-expired": condemned,
  "condemn-retired": condemned,
  "condemn-gone": condemned,
  "condemn-evicted": condemned,
  "condemn-silent": condemned,
  "condemn-unregistered": condemned,
  "condemn-deleted": condemned,
  "condemn-not-found": condemned,
  "condemn-left": condemned,
  confirm: { state: "terminated", owner: "kept", threshold: "terminatedKeptMs" },
};

/** When a refusal tells the truth: what it names does not hold. `state` has the states from which the move may be made. */
export const truthful: Readonly<Record<Refusal, Says>> = {
  missing: (s) => s.state === "none",
  exists: (s) => s.state !== "none",
  state: (s) => s.state !== "none",
  "not past its threshold": (s) => !ahead(s),
  "not retired": (s) => s.retired,
  "heartbeat fresh": (s) => !fresh(s),
  unowned: (s) => !unowned(s),
  "own claim": (s) => !ownClaim(s),
  own: (s, right) => !own(s, right),
  "wanted to serve": (s) => !serve(s),
  "asked to leave": (s) => !leave(s),
  prepared: (s) => !reported(s, "prepared"),
  "registered now": (s) => !reportedNow(s, "registered"),
  "deregistered now": (s) => !reportedNow(s, "deregistered"),
  "not begun to register": begunToRegister,
  "not registering now": (s) => reportedNow(s, "registering"),
  "past its threshold": ahead,
  retired: (s) => !s.retired,
  "heartbeat over a minute old": (s) => !silent(s),
  "assignment as judged": (s, right) => !judged(s, right),
  // No situation of these: only a table refuses a write for what it holds.
  spoilt: never,
};

/** From where each move may be made at all. */
export const origins: Readonly<Record<Move, readonly State[]>> = {
  create: [],
  "park-prepared": ["created"],
  "park-left": ["created"],
  claim: ["idle"],
  start: ["created", "claimed"],
  "extend-idle": ["idle"],
  "extend-running": ["running"],
  "ask-to-leave": ["created", "claimed", "running"],
  release: ["claimed", "running"],
  "condemn-expired": ["created", "claimed", "running", "idle"],
  "condemn-retired": ["created", "claimed", "running", "idle"],
  "condemn-gone": ["created", "claimed", "running", "idle"],
  "condemn-evicted": ["idle"],
  "condemn-silent": ["idle"],
  "condemn-unregistered": ["created", "claimed"],
  "condemn-deleted": ["created", "claimed", "running"],
  "condemn-not-found": ["created", "claimed", "running"],
  "condemn-left": ["created", "claimed", "running"],
  confirm: ["terminating"],
};
