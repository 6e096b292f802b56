// The record of one instance: its shape, and reading a stored item that may be old, damaged, or written to by a hostile instance.
import type { Cause } from "./reasons.ts";
import { limits, maxima } from "./limits.ts";

/** Raised with every change of the stored shape that an older reader could misread. */
export const recordSchema = 2;

export const states = ["created", "claimed", "running", "idle", "terminating", "terminated"] as const;
export type State = (typeof states)[number];

export type UsageClass = "spot" | "on-demand";
export const architectures = ["x64", "arm64"] as const;
export type Architecture = (typeof architectures)[number];
export type Wanted = "serve" | "leave";

/**
 * What an agent reports, with its rank: signals of one assignment only move forward, so that a delayed older write
 * never overwrites a newer one.
 */
export const signalRank = {
  prepared: 1,
  "prepare-failed": 2,
  registering: 3,
  registered: 4,
  "register-failed": 5,
  "listener-lost": 6,
  interrupted: 7,
  deregistered: 9,
} as const;
export type SignalKind = keyof typeof signalRank;

/** Why a registration failed, or a listener could not be kept up: what is done about it differs. */
export const failureCauses = ["token", "name-taken", "version", "rate-limit", "network", "refused", "other"] as const;
export type FailureCause = (typeof failureCauses)[number];

/** What a signal says beside its kind. */
export interface SignalReport {
  /** Of a failure; what is decided by a failure is decided by this. */
  readonly cause?: FailureCause;
  /** For people: nothing is decided by it. */
  readonly detail?: string;
}

export interface Signal extends SignalReport {
  readonly kind: SignalKind;
  readonly rank: number;
  /** The assignment that the signal belongs to; a signal of another assignment never counts. */
  readonly assignment: number;
  /** Epoch ms. */
  readonly at: number;
}

/** Where an instance registers as a runner, and as what. Only the forge's own half of the agent and of the control plane read more than the labels. */
export interface Registration {
  /** Which forge: the name of its halves, such as `github`. */
  readonly forge: string;
  /** Where at the forge, in its own spelling. */
  readonly scope: string;
  readonly labels: readonly string[];
  /** How it enrols: one of the forge's ways. */
  readonly kind: string;
}

/** What an instance is; fixed at launch. */
export interface Machine {
  /** The instance's ARN: the partition key. */
  readonly key: string;
  readonly instanceId: string;
  readonly partition: string;
  readonly resourceClass: string;
  readonly architecture: Architecture;
  readonly usageClass: UsageClass;
  readonly instanceType: string;
  /** vCPUs. */
  readonly cpu: number;
  /** Memory in MiB. */
  readonly mmem: number;
  readonly zone: string;
  readonly imageId: string;
  readonly templateVersion: string;
  /** A hash of the configuration that the instance booted with. */
  readonly configHash: string;
  /** Epoch ms. */
  readonly launchedAt: number;
}

/** What becomes of an instance that its owner is done with: the pool gets it, or it is ended, since it was made for this owner alone. */
export const lifetimes = ["pooled", "until-told"] as const;
export type Lifetime = (typeof lifetimes)[number];

/** What an instance works for; absent as a whole while it is idle. */
export interface Ownership {
  /** As `formatOwner` writes it. */
  readonly owner: string;
  readonly claimId: string;
  readonly labels: readonly string[];
  readonly registration: readonly Registration[];
  readonly lifetime: Lifetime;
  /** How long it may serve once it has registered, ms: for its agent, should the table be out of reach. Absent in older records. */
  readonly maxRuntimeMs?: number;
}

/** The agent's reading of the machine, for people and for refresh; nothing is decided by it but retirement for a full disk. */
export interface Vitals {
  readonly listener: "none" | "starting" | "online" | "exited";
  /** Jobs begun since boot. */
  readonly jobs: number;
  /** Free share of the work disk, 0..1. */
  readonly diskFree: number;
  readonly runnerVersion?: string;
}

/** Attributes that only the control plane writes. */
export interface Governed extends Machine, Partial<Ownership> {
  readonly schema: number;
  readonly state: State;
  /** Grows with every move. */
  readonly version: number;
  /** Grows each time an instance gets an owner; 0 = never had one. */
  readonly assignment: number;
  /** Epoch ms by which the state must have been left. */
  readonly threshold: number;
  readonly wanted: Wanted;
  /** How often it got an owner. */
  readonly uses: number;
  readonly lastOwner?: string;
  /** The agent's last signal as it was read when the record was condemned, which takes all that the agent has written out of it. */
  readonly lastSignal?: Signal;
  /** Why it was condemned: nothing is decided by it. */
  readonly reason?: Cause;
  /** Epoch seconds at which DynamoDB's TTL removes the item. */
  readonly expiresAt?: number;
}

/** Attributes that only the agent writes, and all that it may write: the instance role's policy is made from this list. */
export const agentAttributes = ["heartbeatAt", "signal", "busy", "retiredAt", "agentVersion", "vitals"] as const;

/** What its agent has last signalled, also of one that was condemned since. */
export const lastSignalOf = ({
  signal,
  lastSignal,
}: Pick<InstanceRecord, "signal" | "lastSignal">): Signal | undefined => signal ?? lastSignal;

/** How old the last sign of life is, ms; undefined where there was none. One from a future that no clock explains is a lie, and no sign of life. */
export function heartbeatAge({ heartbeatAt }: Pick<Reported, "heartbeatAt">, now: number): number | undefined {
  if (heartbeatAt === undefined) return undefined;
  return heartbeatAt > now + limits.aheadMs ? Number.POSITIVE_INFINITY : now - heartbeatAt;
}

export interface Reported {
  readonly heartbeatAt?: number;
  readonly signal?: Signal;
  readonly busy?: boolean;
  readonly retiredAt?: number;
  readonly agentVersion?: string;
  readonly vitals?: Vitals;
}

export interface InstanceRecord extends Governed, Reported {
  /** Not stored: attributes that its instance may write and that hold what no agent of ours writes. What was wrong is not read. */
  readonly spoilt?: readonly string[];
}

/** A stored item that is not a record of this schema: which one, and what is wrong with it. */
export interface Damaged {
  readonly key: string;
  readonly problem: string;
  /** It holds nothing that the control plane writes: its instance made it, and its machine has no record. */
  readonly foreign?: true;
}

type Kind = "string" | "number" | "list" | "map";
/** `version` is not among them: its instance may write it. */
type Kept = Omit<Governed, "version">;
type OptionalName = { [Name in keyof Kept]-?: undefined extends Kept[Name] ? Name : never }[keyof Kept];
/** To add a field: its type above, its kind here (it does not compile without), and where it is set. */
const requiredKinds: Readonly<Record<Exclude<keyof Kept, OptionalName>, Kind>> = {
  key: "string",
  instanceId: "string",
  partition: "string",
  resourceClass: "string",
  architecture: "string",
  usageClass: "string",
  instanceType: "string",
  cpu: "number",
  mmem: "number",
  zone: "string",
  imageId: "string",
  templateVersion: "string",
  configHash: "string",
  launchedAt: "number",
  schema: "number",
  state: "string",
  assignment: "number",
  threshold: "number",
  wanted: "string",
  uses: "number",
};
export const optionalKinds: Readonly<Record<OptionalName, Kind>> = {
  owner: "string",
  claimId: "string",
  labels: "list",
  registration: "list",
  lifetime: "string",
  maxRuntimeMs: "number",
  lastOwner: "string",
  lastSignal: "map",
  reason: "map",
  expiresAt: "number",
};
const required: Readonly<Record<string, Kind>> = requiredKinds;
const optional: Readonly<Record<string, Kind>> = optionalKinds;
const oneOf: Readonly<Record<string, readonly string[]>> = {
  state: states,
  architecture: architectures,
  usageClass: ["spot", "on-demand"],
  wanted: ["serve", "leave"],
  lifetime: lifetimes,
};

/** A stored NULL is not an absent attribute: DynamoDB's `attribute_not_exists` does not hold on it, so it is damage. */
const kindOf = (found: unknown): Kind | "nothing" | "null" => {
  if (found === undefined) return "nothing";
  if (found === null) return "null";
  if (Array.isArray(found)) return "list";
  if (typeof found === "object") return "map";
  return typeof found as Kind;
};

const isText = (found: unknown): boolean => typeof found === "string";
const areTexts = (found: unknown): boolean => Array.isArray(found) && found.every(isText);
const partsOf = (found: unknown): Record<string, unknown> =>
  kindOf(found) === "map" ? (found as Record<string, unknown>) : {};

// ---- what an instance writes: hostile input, so whatever is wrong is absent, and the rest is bounded ----

const count = (found: unknown): number | undefined =>
  Number.isSafeInteger(found) && (found as number) >= 0 ? (found as number) : undefined;
/** Epoch ms. One that lies ahead is for its reader to judge, who knows what time it is. */
const moment = (found: unknown): number | undefined =>
  typeof found === "number" && found >= 0 && found <= Number.MAX_SAFE_INTEGER ? found : undefined;
const share = (found: unknown): number | undefined =>
  typeof found === "number" && found >= 0 && found <= 1 ? found : undefined;
const text = (found: unknown, most: number): string | undefined =>
  typeof found === "string" ? found.slice(0, most).toWellFormed() : undefined;
const shaped = (found: unknown, shape: RegExp): string | undefined =>
  typeof found === "string" && shape.test(found) ? found : undefined;
const given = <Value>(name: string, value: Value | undefined): Record<string, Value> =>
  value === undefined ? {} : { [name]: value };

/** A kind may be one that only a newer agent knows, and so may a cause, which is then none. */
function signalIn(found: unknown): Signal | undefined {
  const parts = partsOf(found);
  const kind = shaped(parts["kind"], /^[a-z][a-z-]{0,39}$/) as SignalKind | undefined;
  const [rank, assignment, at] = [count(parts["rank"]), count(parts["assignment"]), moment(parts["at"])];
  if (kind === undefined || rank === undefined || assignment === undefined || at === undefined) return undefined;
  const detail = text(parts["detail"], maxima.signalDetailBytes);
  if (detail === undefined && parts["detail"] !== undefined) return undefined;
  const cause = failureCauses.find((known) => known === parts["cause"]);
  return { kind, rank, assignment, at, ...given("cause", cause), ...given("detail", detail) };
}

const listenerStates = ["none", "starting", "online", "exited"] as const satisfies readonly Vitals["listener"][];
function vitalsIn(found: unknown): Vitals | undefined {
  const parts = partsOf(found);
  const listener = listenerStates.find((state) => state === parts["listener"]);
  const [jobs, diskFree] = [count(parts["jobs"]), share(parts["diskFree"])];
  if (listener === undefined || jobs === undefined || diskFree === undefined) return undefined;
  const runnerVersion = shaped(parts["runnerVersion"], /^v?\d{1,9}(\.\d{1,9}){0,3}$/);
  if (runnerVersion === undefined && parts["runnerVersion"] !== undefined) return undefined;
  return { listener, jobs, diskFree, ...given("runnerVersion", runnerVersion) };
}

/** Each gives undefined where the attribute is wrong. */
const asReported: { readonly [Name in keyof Required<Reported>]: (found: unknown) => Reported[Name] } = {
  heartbeatAt: moment,
  signal: signalIn,
  busy: (found) => (typeof found === "boolean" ? found : undefined),
  // That it is there is what counts, here as in the conditions of the moves: whatever it holds, the agent ends its machine.
  retiredAt: (found) => moment(found) ?? 0,
  agentVersion: (found) => text(found, maxima.agentVersionLength),
  vitals: vitalsIn,
};

/** Characters and members, about what they take in the table; it stops counting beyond `most`. */
function weightOf(found: unknown, most: number): number {
  if (typeof found === "string") return found.length;
  if (typeof found !== "object" || found === null) return 1;
  let weight = 1;
  for (const [name, part] of Object.entries(found)) {
    if (weight > most) break;
    weight += name.length + weightOf(part, most - weight);
  }
  return weight;
}

/** What the instance says, as far as it is right; and which attributes hold anything else, or more than an agent writes. */
function reportedIn(fields: Record<string, unknown>): {
  said: Partial<Reported & Pick<Governed, "version">>;
  spoilt: string[];
} {
  const said: Record<string, unknown> = {};
  const spoilt: string[] = [];
  for (const name of agentAttributes) {
    const found = fields[name];
    if (found === undefined) continue;
    const value = asReported[name](found);
    if (value !== undefined) said[name] = value;
    const whole = value !== undefined && (typeof value === "object" || value === found);
    if (!whole || weightOf(found, maxima.reportedLength) > maxima.reportedLength) spoilt.push(name);
  }
  // No record of ours has the version 0, so whoever judges by that one is refused.
  said["version"] = count(fields["version"]) ?? 0;
  if (said["version"] !== fields["version"]) spoilt.push("version");
  return { said, spoilt };
}

/** Whether words can be made of it; a code that is not known yet is a newer version's. */
function isCause(found: unknown): boolean {
  const { code, attributes, signal, reason, cause } = partsOf(found);
  if (code === "spoilt") return areTexts(attributes);
  if (code === "failed") return signalIn(signal) !== undefined;
  if (code === "operator") return isText(reason);
  if (code === "condemned") return cause === undefined || isCause(cause);
  return isText(code);
}

/** What is wrong inside a list or a map that decisions read. */
const wrongInside: Readonly<Record<string, (found: unknown) => string | undefined>> = {
  labels: (found) => (areTexts(found) ? undefined : "labels holds something that is no text"),
  registration: (found) =>
    (found as unknown[])
      .map(partsOf)
      .every(({ forge, scope, labels, kind }) => isText(forge) && isText(scope) && isText(kind) && areTexts(labels))
      ? undefined
      : "registration holds an entry without forge, scope, kind or labels",
  reason: (found) => (isCause(found) ? undefined : "reason is no cause: it has no code, or not what its code needs"),
  lastSignal: (found) =>
    signalIn(found) === undefined ? "lastSignal is without kind, rank, assignment or time" : undefined,
};

function ofAnotherSchema({ schema }: Record<string, unknown>): string | undefined {
  if (typeof schema !== "number" || !Number.isFinite(schema) || schema === recordSchema) return undefined;
  return schema > recordSchema
    ? `schema ${schema} is newer than ${recordSchema}: this runpool is older than the one that wrote it; upgrade it`
    : `written by an older runpool: schema ${schema}, and this one reads schema ${recordSchema}`;
}

const wrongKind = (item: Record<string, unknown>, name: string): string | undefined => {
  const kind = required[name] ?? optional[name];
  const found = kindOf(item[name]);
  if (found === "nothing") return required[name] === undefined ? undefined : `${name} is missing, not a ${kind}`;
  if (found !== kind) return `${name} is ${found === "null" ? "null" : `a ${found}`}, not a ${kind}`;
  if (found === "number" && !Number.isFinite(item[name])) return `${name} is not a finite number`;
  if (found === "list" || found === "map") return wrongInside[name]?.(item[name]);
  const allowed = oneOf[name];
  if (allowed === undefined || allowed.includes(item[name] as string)) return undefined;
  return `${name} is "${String(item[name])}", not ${allowed.join(" | ")}`;
};

const governed = [...Object.keys(required), ...Object.keys(optional)];
const isForeign = (fields: Record<string, unknown>): boolean =>
  governed.every((name) => name === "key" || fields[name] === undefined);

/** What is decided on a record is done to the machine that it names: another than its key's would be ended in its stead. */
const wrongMachine = (key: string, instanceId: unknown): string | undefined =>
  typeof instanceId !== "string" || key.endsWith(`/${instanceId}`)
    ? undefined
    : `instanceId is "${instanceId}", not the one in its key`;

function decode(item: unknown, names: readonly string[]): Record<string, unknown> | Damaged {
  if (typeof item !== "object" || item === null) return { key: "(none)", problem: "not an item" };
  const fields = item as Record<string, unknown>;
  const key = typeof fields["key"] === "string" ? fields["key"] : "(no key)";
  const wrong =
    ofAnotherSchema(fields) ?? names.map((name) => wrongKind(fields, name)).find((found) => found !== undefined);
  const problem = wrong ?? wrongMachine(key, fields["instanceId"]);
  if (problem !== undefined) return { key, problem };
  const kept: Record<string, unknown> = {};
  for (const name of names) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept;
}

/**
 * Reads a stored item. An item of another schema, or damaged in what the control plane writes, is a value that names it: never a crash of
 * a whole scan. What its instance may write never damages a record: where it is wrong it is absent.
 */
export function decodeRecord(item: unknown): InstanceRecord | Damaged {
  const fields = partsOf(item);
  if (typeof fields["key"] === "string" && isForeign(fields))
    return { key: fields["key"], problem: "it holds nothing that the control plane writes", foreign: true };
  const kept = decode(item, governed);
  if (isDamaged(kept)) return kept;
  const { said, spoilt } = reportedIn(fields);
  return { ...kept, ...said, ...(spoilt.length === 0 ? {} : { spoilt }) } as unknown as InstanceRecord;
}

/** Reads what an index shows of a record, nothing of which is its agent's but the version. */
export function decodeListing<Name extends keyof InstanceRecord>(
  item: unknown,
  names: readonly Name[],
): Pick<InstanceRecord, Name> | Damaged {
  const kept = decode(
    item,
    names.filter((name) => name !== "version"),
  );
  if (isDamaged(kept) || !(names as readonly string[]).includes("version")) return kept as unknown as Damaged;
  return { ...kept, version: count(partsOf(item)["version"]) ?? 0 } as unknown as Pick<InstanceRecord, Name>;
}

export const isDamaged = (found: object): found is Damaged => "problem" in found;
