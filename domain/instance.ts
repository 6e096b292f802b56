// The life of an instance: one table of moves, and one pure function that decides a move on a record.
import { absent, compare, holds, or, type Condition } from "./condition.ts";
import type { limits } from "./limits.ts";
import { asCondition, type Need, type Own, type OwnClaim } from "./needs.ts";
import type { Cause } from "./reasons.ts";
import { agentAttributes, recordSchema } from "./record.ts";
import type { InstanceRecord, Machine, Ownership, Signal, State, Wanted } from "./record.ts";

interface At {
  /** Epoch ms, corrected. */
  readonly now: number;
}
interface Until extends At {
  /** Epoch ms: the threshold of the state that is entered. */
  readonly threshold: number;
}
/** `signal`: the agent's last as it was read, which is kept as `lastSignal`. */
interface Condemning extends Until {
  readonly reason: Cause;
  readonly signal?: Signal | undefined;
}

/** The parameters of each move. */
export interface Moves {
  create: Until & { readonly machine: Machine; readonly claimId: string; readonly ownership?: Ownership };
  "park-prepared": Until;
  "park-left": Until & { readonly own: OwnClaim };
  claim: Until & { readonly ownership: Ownership };
  start: Until & { readonly own: OwnClaim };
  "extend-idle": Until;
  "extend-running": Until & { readonly own: OwnClaim };
  "ask-to-leave": At & { readonly own: Own };
  release: Until & { readonly own: Own };
  "condemn-expired": Condemning;
  "condemn-retired": Condemning;
  "condemn-gone": Condemning;
  "condemn-evicted": Condemning & { readonly assignment: number };
  "condemn-silent": Condemning & { readonly assignment: number };
  "condemn-unregistered": Condemning & { readonly own: Own };
  "condemn-deleted": Condemning & { readonly own: Own };
  "condemn-not-found": Condemning & { readonly own: Own };
  "condemn-left": Condemning & { readonly own: Own };
  confirm: Until;
}
export type Move = keyof Moves;

/** `spoilt`: the table does not take the write, for what the instance has written into its own item. */
export type Refusal = Need | "missing" | "exists" | "state" | "spoilt";

interface Row {
  readonly from: readonly (State | "none")[];
  /** `same` keeps the state. */
  readonly to: State | "same";
  readonly owner: "takes" | "keeps" | "drops";
  /** Whether all that its instance may write is taken out; else kept. */
  readonly reports?: "drops";
  readonly wanted?: Wanted;
  readonly needs: readonly Need[];
  /** Which limit the caller makes the new threshold of (for the docs and the tests of order). */
  readonly limit: keyof typeof limits | "unchanged";
  /** Where a refused caller finds this, its move has been made already: by itself before a lost reply, or to the same end. */
  readonly already?: { readonly state: readonly State[]; readonly needs: readonly Need[] };
}

const alive = ["not past its threshold", "not retired"] as const;
/** A `terminating` one is found condemned already. */
const condemnable = ["created", "claimed", "running", "idle"] as const;
const condemn = (from: readonly State[], needs: readonly Need[]): Row => ({
  from,
  to: "terminating",
  owner: "drops",
  reports: "drops",
  needs,
  limit: "terminateMs",
  already: { state: ["terminating", "terminated"], needs: [] },
});

export type Life = { readonly [M in Move]: Row };

/**
 * The life table. Each condition is here because a trace without it kills a job, gives an instance two owners, or
 * leaks it (design, section 4): change none without checking the model again.
 */
export const life: Life = {
  create: {
    from: ["none"],
    to: "created",
    owner: "takes",
    wanted: "serve",
    needs: [],
    limit: "bootMs",
    already: { state: ["created", "claimed", "running", "idle"], needs: ["own claim"] },
  },
  "park-prepared": {
    from: ["created"],
    to: "idle",
    owner: "drops",
    needs: [...alive, "unowned", "prepared"],
    limit: "idleMs",
    already: { state: ["idle"], needs: ["unowned"] },
  },
  "park-left": {
    from: ["created"],
    to: "idle",
    owner: "drops",
    needs: [...alive, "own claim", "asked to leave", "deregistered now"],
    limit: "idleMs",
    already: { state: ["idle"], needs: ["unowned"] },
  },
  claim: {
    from: ["idle"],
    to: "claimed",
    owner: "takes",
    wanted: "serve",
    needs: [...alive, "unowned", "heartbeat fresh"],
    limit: "provisionMs",
    already: { state: ["claimed", "running"], needs: ["own claim"] },
  },
  start: {
    from: ["created", "claimed"],
    to: "running",
    owner: "keeps",
    needs: ["own claim", ...alive, "wanted to serve", "registered now"],
    limit: "maxRuntimeMs",
    already: { state: ["running"], needs: ["own claim"] },
  },
  "extend-idle": { from: ["idle"], to: "same", owner: "keeps", needs: [...alive], limit: "idleMs" },
  "extend-running": {
    from: ["running"],
    to: "same",
    owner: "keeps",
    needs: [...alive, "own claim"],
    limit: "maxRuntimeMs",
  },
  "ask-to-leave": {
    from: ["created", "claimed", "running"],
    to: "same",
    owner: "keeps",
    wanted: "leave",
    needs: ["own"],
    limit: "unchanged",
  },
  release: {
    from: ["claimed", "running"],
    to: "idle",
    owner: "drops",
    needs: ["own", ...alive, "asked to leave", "deregistered now"],
    limit: "idleMs",
    already: { state: ["idle"], needs: ["unowned"] },
  },
  "condemn-expired": condemn(condemnable, ["past its threshold"]),
  "condemn-retired": condemn(condemnable, ["retired"]),
  /** The caller has EC2's word that the machine is gone. */
  "condemn-gone": condemn(condemnable, []),
  "condemn-evicted": condemn(["idle"], ["assignment as judged"]),
  "condemn-silent": condemn(["idle"], ["heartbeat over a minute old", "assignment as judged"]),
  "condemn-unregistered": condemn(["created", "claimed"], ["own", "not begun to register"]),
  /** The caller has deleted its registration at GitHub: no job runs or can start. */
  "condemn-deleted": condemn(["created", "claimed", "running"], ["own", "asked to leave"]),
  /** GitHub does not know its runner: no job runs, and none can start unless it is registering at this moment. */
  "condemn-not-found": condemn(["created", "claimed", "running"], ["own", "asked to leave", "not registering now"]),
  /** It has answered, so no job runs or can start; and it was made for this owner alone, so nobody else gets it. */
  "condemn-left": condemn(["created", "claimed", "running"], ["own", "asked to leave", "deregistered now"]),
  /** The caller has EC2's word. */
  confirm: {
    from: ["terminating"],
    to: "terminated",
    owner: "keeps",
    reports: "drops",
    needs: [],
    limit: "terminatedKeptMs",
    already: { state: ["terminated"], needs: [] },
  },
};

const stateIs = (states: readonly State[]): Condition => or(...states.map((state) => compare("state", "=", state)));

/** The condition of a move, one entry a need, in the order in which a refusal is named. */
export function conditionOf<M extends Move>(
  move: M,
  params: Moves[M],
  table: Life = life,
): readonly { why: Refusal; that: Condition }[] {
  const row: Row = table[move];
  const states = row.from.filter((state) => state !== "none");
  const first: { why: Refusal; that: Condition } =
    states.length === 0 ? { why: "exists", that: absent("key") } : { why: "state", that: stateIs(states) };
  return [first, ...row.needs.map((why) => ({ why, that: asCondition[why](params) }))];
}

/** What a move writes: values to set, numbers to add, one attribute kept under another name, attributes to remove. */
export interface Change {
  readonly set: Readonly<Record<string, unknown>>;
  readonly add: Readonly<Record<string, number>>;
  readonly remove: readonly string[];
  /** Keeps the owner as `lastOwner` ("none" where there was none). */
  readonly keepLastOwner: boolean;
}

const ownershipAttributes = [
  "owner",
  "claimId",
  "labels",
  "registration",
  "lifetime",
  "maxRuntimeMs",
] as const satisfies readonly (keyof Ownership)[];

/**
 * The version of what is ended: no record that lives has it, so whoever watches sees that it changed. It is set, not added to, and all that the
 * instance may write is removed in the same update: so nothing that it has written (a type, a number without room, 400 KB) refuses its end.
 */
const endedVersion = Number.MAX_SAFE_INTEGER;

/** The change that a move makes where its condition holds. */
export function changeOf<M extends Move>(move: M, params: Moves[M], table: Life = life): Change {
  const row: Row = table[move];
  const given = params as Partial<Moves["create"] & { reason: Cause }> & At;
  const set: Record<string, unknown> = {};
  if (given.threshold !== undefined && row.limit !== "unchanged") set["threshold"] = given.threshold;
  if (row.to !== "same") set["state"] = row.to;
  if (row.wanted !== undefined) set["wanted"] = row.wanted;
  if (given.reason !== undefined) set["reason"] = given.reason;
  if (move === "confirm" && given.threshold !== undefined) set["expiresAt"] = Math.ceil(given.threshold / 1000);
  if (given.ownership !== undefined) Object.assign(set, given.ownership);
  if (move === "create") {
    const owned = given.ownership === undefined ? 0 : 1;
    Object.assign(set, given.machine, { schema: recordSchema, claimId: given.claimId });
    Object.assign(set, { version: 1, assignment: owned, uses: owned });
    return { set, add: {}, remove: [], keepLastOwner: false };
  }
  const takes = row.owner === "takes";
  const ends = row.reports === "drops";
  const { signal } = params as Partial<Condemning>;
  if (ends) Object.assign(set, { version: endedVersion }, signal === undefined ? {} : { lastSignal: signal });
  return {
    set,
    add: ends ? {} : { version: 1, ...(takes ? { assignment: 1, uses: 1 } : {}) },
    remove: [...(row.owner === "drops" ? ownershipAttributes : []), ...(ends ? agentAttributes : [])],
    keepLastOwner: row.to === "terminating",
  };
}

/** A move made (or found made already), or refused with the first need that does not hold and the record as it is. */
export type Decision =
  | { readonly kind: "done"; readonly record: InstanceRecord; readonly already: boolean }
  | { readonly kind: "refused"; readonly why: Refusal; readonly record: InstanceRecord | undefined };

/** Reads a refusal out of the record as it is: which need failed, or that the move has been made already. */
export function refusalOf<M extends Move>(
  move: M,
  params: Moves[M],
  record: InstanceRecord | undefined,
  table: Life = life,
): Decision {
  const row: Row = table[move];
  if (record === undefined) return { kind: "refused", why: "missing", record };
  const done = row.already;
  if (done?.state.includes(record.state) && done.needs.every((need) => holds(asCondition[need](params), record)))
    return { kind: "done", record, already: true };
  const failed = conditionOf(move, params, table).find(({ that }) => !holds(that, record));
  return { kind: "refused", why: failed?.why ?? "state", record };
}

const apply = (record: InstanceRecord | undefined, change: Change): InstanceRecord => {
  const next: Record<string, unknown> = { ...record, ...change.set };
  if (change.keepLastOwner) next["lastOwner"] = record?.owner ?? "none";
  for (const [name, step] of Object.entries(change.add)) next[name] = ((next[name] as number | undefined) ?? 0) + step;
  for (const name of change.remove) delete next[name];
  return next as unknown as InstanceRecord;
};

/**
 * Decides a move on a record: the one truth of the life of an instance. Pure; `params.now` is the only clock. Over another
 * table than `life` only the model check decides: it drops a condition to see what that costs.
 */
export function decide<M extends Move>(
  move: M,
  record: InstanceRecord | undefined,
  params: Moves[M],
  table: Life = life,
): Decision {
  const creates = table[move].from.includes("none");
  if (record === undefined && !creates) return { kind: "refused", why: "missing", record };
  if (!conditionOf(move, params, table).every(({ that }) => holds(that, record ?? {})))
    return refusalOf(move, params, record, table);
  return { kind: "done", record: apply(record, changeOf(move, params, table)), already: false };
}
