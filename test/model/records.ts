// Records of the model, interned for all worlds; the real `decide` and the real agent's conditions, each asked once a record.
import { beginRegistering, heartbeat, retire, signal, signalOf, type AgentWrite } from "../../domain/agent-writes.ts";
import { holds } from "../../domain/condition.ts";
import { decide, type Decision, type Life, type Move, type Moves, type Refusal } from "../../domain/instance.ts";
import { formatOwner, runOf, runOwner } from "../../domain/owner.ts";
import { recordSchema, type InstanceRecord, type SignalKind, type Wanted } from "../../domain/record.ts";
import { machine } from "../domain/situations.ts";

/** The one moment of the model, epoch ms: time passes by what lies before and behind it. */
export const now = Date.UTC(2026, 0, 2, 3, 4, 5);
export const ahead = now + 3_600_000;
const passed = now - 1;
/** The time of a heartbeat that was a moment ago. */
export const heard = now - 1;
const silent = now - 3_600_000;
/** Signals, as versions, are only asked whether they are the one that stands, which is of `now`. */
export const before = now - 1;

/** Versions only grow and are only asked for equality: a record's own is `current`, whatever was read before is older. */
export const current = 2;
const older = 1;

export const thing = { ...machine, partition: "github:octo/app", launchedAt: now - 3_600_000 };

export interface AgentWriteIntent {
  readonly kind: "signal" | "begin" | "retire";
  readonly signal: SignalKind;
  readonly assignment: number;
  /** Judged by the version that stands. */
  readonly fresh: boolean;
  /** The signal judged by: none, the one that stands, or one from before it. */
  readonly judged: SignalKind | undefined;
  readonly judgedFor: number;
  readonly stands: boolean;
}

/** What the model check may change about the writes of the agent. */
export interface AgentRules {
  readonly beginOnVersion: boolean;
  readonly retireOnVersion: boolean;
  readonly forwardOnly: boolean;
  /** A signal lands only on the one that it was decided upon. */
  readonly onSignal: boolean;
}

/** Nothing that helps us: that it has retired, or a silence, would be a way to its end. */
export const forgeries = [
  "prepared",
  "registering",
  "registered",
  "deregistered",
  "a sign of life",
  "nothing",
] as const;
export type Forgery = (typeof forgeries)[number];

export interface Outcome {
  readonly record: number;
  readonly already: boolean;
  readonly why: Refusal | undefined;
}

const key = (record: InstanceRecord): string => {
  const { state, version, assignment, threshold, wanted, owner, claimId, heartbeatAt, signal, retiredAt } = record;
  return `${state}|${version}|${assignment}|${threshold}|${wanted}|${owner}|${claimId}|${heartbeatAt}|${signal?.kind}|${signal?.assignment}|${signal?.at}|${retiredAt}`;
};

const resting = { schema: recordSchema, assignment: 0, threshold: ahead, wanted: "serve", uses: 0 } as const;

/** Only what decisions read is kept apart: of a version whether it stands, of the rest nothing. */
function canonical(record: InstanceRecord, version: number): InstanceRecord {
  // Nothing but a late agent ever touches it again.
  const { retiredAt } = record;
  const retired = retiredAt === undefined ? {} : { retiredAt };
  // Only a life table that is taken apart leaves it an owner.
  if (record.state === "terminated" && record.owner === undefined)
    return { ...thing, ...resting, ...retired, state: "terminated", version };
  const { lastOwner: _, reason: __, expiresAt: ___, ...rest } = record;
  const ended = rest.state === "terminating" || rest.state === "terminated";
  return { ...rest, version, uses: 0, threshold: ended ? ahead : rest.threshold };
}

type Condition = AgentWrite["condition"];

/** Condition of a write without one of its parts: what is mutated is taken out of the real condition. */
function without(condition: Condition, is: (part: Condition, words: string) => boolean): Condition {
  if (condition.op !== "and") throw new Error("an agent's write has a condition of several parts");
  const of = condition.of.filter((part) => !is(part, JSON.stringify(part)));
  if (of.length === condition.of.length)
    throw new Error(`the condition has no such part: ${JSON.stringify(condition)}`);
  return { op: "and", of };
}
const ofVersion = (_part: Condition, words: string): boolean => words.includes('"path":"version"');
/** That it moves forward is the one part with alternatives. */
const ofForward = ({ op }: Condition): boolean => op === "or";
const ofSignal = ({ op }: Condition, words: string): boolean => op !== "or" && words.includes('"path":"signal');

/** Every record that any world has met, by a number. */
class Records {
  readonly all: InstanceRecord[] = [undefined as unknown as InstanceRecord];
  readonly #ids = new Map<string, number>();
  readonly #derived = new Map<string, Map<number, number>>();

  /** 0 stands for no record. */
  of(id: number): InstanceRecord | undefined {
    return this.all[id];
  }

  id(record: InstanceRecord): number {
    const name = key(record);
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.all.push(record) - 1;
    // Tables of decisions and replies name it in 16 bits.
    if (id > 0xffff) throw new Error("more records than the search can tell apart");
    this.#ids.set(name, id);
    return id;
  }

  /** A record made of another, once. */
  #derive(what: string, id: number, make: (record: InstanceRecord) => InstanceRecord): number {
    if (id === 0) return 0;
    let made = this.#derived.get(what);
    if (made === undefined) this.#derived.set(what, (made = new Map()));
    let to = made.get(id);
    if (to === undefined) made.set(id, (to = this.id(make(this.all[id] as InstanceRecord))));
    return to;
  }

  /** What was read is no longer what stands. */
  stale = (id: number): number => this.#derive("stale", id, (record) => ({ ...record, version: older }));
  expired = (id: number): number => this.#derive("expired", id, (record) => ({ ...record, threshold: passed }));
  silenced = (id: number): number => this.#derive("silent", id, (record) => ({ ...record, heartbeatAt: silent }));
  /** What of a record its agent's decisions read. */
  seen = (id: number): number =>
    this.#derive("seen", id, (record) => {
      const { heartbeatAt: _, claimId: __, owner, ...rest } = record;
      const works = rest.state === "created" || rest.state === "claimed" || rest.state === "running";
      // Whose it is: of the owner its agent reads the run alone.
      const run = runOf(owner);
      const of = run === undefined ? {} : { owner: formatOwner(runOwner(run.runId, 1, "any")) };
      return { ...rest, ...of, state: works ? "claimed" : rest.state };
    });

  /** As probes show it, whatever else has become of it: alive, wanted for this, and with this word of its agent's. */
  probed = (id: number, wanted: Wanted, kind?: SignalKind): number =>
    this.#derive(`probed ${wanted} ${kind}`, id, (record) => {
      const { retiredAt: _, signal: __, heartbeatAt: ___, ...rest } = record;
      const state = record.owner === undefined ? "idle" : "claimed";
      const says = kind === undefined ? {} : { heartbeatAt: heard, signal: signalOf(kind, record.assignment, now) };
      return { ...rest, wanted, state, threshold: ahead, ...says };
    });

  /** What was read of its signal is no longer what stands. */
  heard = (id: number): number =>
    this.#derive("heard", id, ({ signal, ...record }) =>
      signal === undefined ? record : { ...record, signal: { ...signal, at: before } },
    );

  /** What an agent takes its record for, that has not looked at the reply of its write. */
  saying = (id: number, kind: SignalKind, assignment: number): number =>
    this.#derive(`saying ${kind} ${assignment}`, id, (record) => ({
      ...record,
      signal: signalOf(kind, assignment, now),
    }));

  /** The record with a sign of life; the same where it may not be written. */
  beat = (id: number): number =>
    this.#derive("beat", id, (record) => {
      const { condition } = heartbeat({ heartbeatAt: heard, busy: false, agentVersion: "", vitals: quiet });
      return holds(condition, record) ? { ...record, heartbeatAt: heard } : record;
    });

  /** The record as somebody leaves it who has its agent's rights. */
  forged = (id: number, what: Forgery): number =>
    this.#derive(`forged ${what}`, id, (record) => {
      if (record.state === "terminating" || record.state === "terminated") return record;
      const { signal: _, retiredAt: __, ...rest } = record;
      if (what === "nothing") return rest;
      if (what === "a sign of life") return { ...record, heartbeatAt: heard };
      return { ...rest, signal: signalOf(what, record.assignment, now) };
    });

  /** An instance that waits in the pool. */
  idle(): number {
    return this.id({
      ...thing,
      schema: recordSchema,
      state: "idle",
      version: current,
      assignment: 0,
      threshold: ahead,
      wanted: "serve",
      uses: 0,
      heartbeatAt: heard,
      signal: signalOf("prepared", 0, now),
    });
  }
}

const quiet = { listener: "none", jobs: 0, diskFree: 1 } as const;

export const records = new Records();

/** A call of the table: a move and its parameters, at the one moment. */
export interface Call {
  readonly move: Move;
  readonly params: Moves[Move];
}
const calls: Call[] = [];
const callIds = new Map<string, number>();

export function callOf(call: Call): number {
  const name = JSON.stringify(call);
  let id = callIds.get(name);
  if (id === undefined) {
    id = calls.push(call) - 1;
    callIds.set(name, id);
  }
  return id;
}

/** What the table and the agents' conditions say under the rules of one search, each asked once. */
export class Decisions {
  readonly #decided = new Map<number, Outcome>();
  readonly #written = new Map<number, number>();
  readonly #life: Life;
  readonly #rules: AgentRules;

  constructor(life: Life, rules: AgentRules) {
    this.#life = life;
    this.#rules = rules;
  }

  decide(call: number, record: number): Outcome {
    const name = call * 65_536 + record;
    let outcome = this.#decided.get(name);
    if (outcome === undefined) {
      const { move, params } = calls[call] as Call;
      outcome = outcomeOf(decide(move, records.of(record), params as never, this.#life), record);
      this.#decided.set(name, outcome);
    }
    return outcome;
  }

  /** The record after a write of its agent; undefined where it is refused. */
  write(intent: AgentWriteIntent, code: number, record: number): number | undefined {
    const name = code * 65_536 + record;
    let to = this.#written.get(name);
    if (to === undefined) {
      const { condition, set } = this.#agentWrite(intent);
      const held = holds(condition, records.of(record) ?? {});
      to = held ? records.id({ ...(records.of(record) as InstanceRecord), ...set }) : 0;
      this.#written.set(name, to);
    }
    return to === 0 ? undefined : to;
  }

  #agentWrite({ kind, signal: said, assignment, ...by }: AgentWriteIntent): AgentWrite {
    const report = signalOf(said, assignment, now);
    const signalBy =
      by.judged === undefined ? {} : { signal: signalOf(by.judged, by.judgedFor, by.stands ? now : before) };
    const judged = { version: by.fresh ? current : older, ...signalBy };
    const write =
      kind === "signal"
        ? signal(report, judged)
        : kind === "begin"
          ? beginRegistering(report, judged)
          : retire(now, judged);
    const rules = this.#rules;
    let { condition } = write;
    if (kind === "begin" && !rules.beginOnVersion) condition = without(condition, ofVersion);
    if (kind === "retire" && !rules.retireOnVersion) condition = without(condition, ofVersion);
    if (kind !== "retire" && !rules.forwardOnly) condition = without(condition, ofForward);
    if (kind !== "retire" && !rules.onSignal) condition = without(condition, ofSignal);
    return { ...write, condition };
  }
}

function outcomeOf(decision: Decision, before: number): Outcome {
  if (decision.kind === "refused") return { record: before, already: false, why: decision.why };
  if (decision.already) return { record: before, already: true, why: undefined };
  return { record: records.id(canonical(decision.record, current)), already: false, why: undefined };
}
