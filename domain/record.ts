// The record of one instance: its shape, and reading a stored item that may be old or damaged.

/** Raised with every change of the stored shape that an older reader could misread. */
export const recordSchema = 1;

export const states = ["created", "claimed", "running", "idle", "terminating", "terminated"] as const;
export type State = (typeof states)[number];

export type UsageClass = "spot" | "on-demand";
export type Architecture = "x64" | "arm64";
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

export interface Signal {
  readonly kind: SignalKind;
  readonly rank: number;
  /** The assignment that the signal belongs to; a signal of another assignment never counts. */
  readonly assignment: number;
  /** Epoch ms. */
  readonly at: number;
  readonly detail?: string;
}

/** Where an instance registers as a runner, and as what. */
export interface Registration {
  readonly forge: "github";
  /** The repository, organisation or enterprise: `https://github.com/OWNER/REPO`. */
  readonly url: string;
  readonly labels: readonly string[];
  /** By the partition's token; or by a just-in-time configuration, made at GitHub for this instance and assignment and good for one job. */
  readonly mode: "token" | "jit";
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

/** What an instance works for; absent as a whole while it is idle. */
export interface Ownership {
  readonly owner: string;
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
  readonly claimId: string;
  readonly labels: readonly string[];
  readonly registration: readonly Registration[];
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
  /** Why it was condemned. */
  readonly reason?: string;
  /** Epoch seconds at which DynamoDB's TTL removes the item. */
  readonly expiresAt?: number;
}

/** Attributes that only the agent writes, and all that it may write: the instance role's policy is made from this list. */
export const agentAttributes = ["heartbeatAt", "signal", "busy", "retiredAt", "agentVersion", "vitals"] as const;

export interface Reported {
  readonly heartbeatAt?: number;
  readonly signal?: Signal;
  readonly busy?: boolean;
  readonly retiredAt?: number;
  readonly agentVersion?: string;
  readonly vitals?: Vitals;
}

export interface InstanceRecord extends Governed, Reported {}

/** A stored item that is not a record of this schema: which one, and what is wrong with it. */
export interface Damaged {
  readonly key: string;
  readonly problem: string;
}

type Kind = "string" | "number" | "boolean" | "list" | "map";
const required: Readonly<Record<string, Kind>> = {
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
  version: "number",
  assignment: "number",
  threshold: "number",
  wanted: "string",
  uses: "number",
};
const optional: Readonly<Record<string, Kind>> = {
  owner: "string",
  runId: "string",
  attempt: "number",
  provisionId: "string",
  claimId: "string",
  labels: "list",
  registration: "list",
  lastOwner: "string",
  reason: "string",
  expiresAt: "number",
  heartbeatAt: "number",
  signal: "map",
  busy: "boolean",
  retiredAt: "number",
  agentVersion: "string",
  vitals: "map",
};
const oneOf: Readonly<Record<string, readonly string[]>> = {
  state: states,
  architecture: ["x64", "arm64"],
  usageClass: ["spot", "on-demand"],
  wanted: ["serve", "leave"],
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

/** What is wrong inside a list or a map that decisions read. A signal's kind may be one that only a newer agent knows. */
const wrongInside: Readonly<Record<string, (found: unknown) => string | undefined>> = {
  labels: (found) => (areTexts(found) ? undefined : "labels holds something that is no text"),
  registration: (found) =>
    (found as unknown[])
      .map(partsOf)
      .every(({ forge, url, labels, mode }) => isText(forge) && isText(url) && isText(mode) && areTexts(labels))
      ? undefined
      : "registration holds an entry without forge, url, mode or labels",
  signal: (found) => {
    const { kind, rank, assignment, at } = partsOf(found);
    return isText(kind) && [rank, assignment, at].every((number) => Number.isFinite(number))
      ? undefined
      : "signal is without kind, rank, assignment or time";
  },
};

const newer = (item: Record<string, unknown>): string | undefined =>
  typeof item["schema"] === "number" && item["schema"] > recordSchema
    ? `schema ${item["schema"]} is newer than ${recordSchema}: this runpool is older than the one that wrote it; upgrade it`
    : undefined;

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

function decode(item: unknown, names: readonly string[]): Record<string, unknown> | Damaged {
  if (typeof item !== "object" || item === null) return { key: "(none)", problem: "not an item" };
  const fields = item as Record<string, unknown>;
  const key = typeof fields["key"] === "string" ? fields["key"] : "(no key)";
  const problem = newer(fields) ?? names.map((name) => wrongKind(fields, name)).find((found) => found !== undefined);
  if (problem !== undefined) return { key, problem };
  const kept: Record<string, unknown> = {};
  for (const name of names) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept;
}

const everything = [...Object.keys(required), ...Object.keys(optional)];

/** Reads a stored item. An item of a newer schema, or damaged, is a value that names it: never a crash of a whole scan. */
export const decodeRecord = (item: unknown): InstanceRecord | Damaged =>
  decode(item, everything) as unknown as InstanceRecord | Damaged;

/** Reads what an index shows of a record. */
export const decodeListing = <Name extends keyof InstanceRecord>(
  item: unknown,
  names: readonly Name[],
): Pick<InstanceRecord, Name> | Damaged => decode(item, names) as unknown as Pick<InstanceRecord, Name> | Damaged;

export const isDamaged = (found: object): found is Damaged => "problem" in found;
