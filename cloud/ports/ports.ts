// What control and agent need of the world, in domain types. SDK types and SDK errors stop behind these.
import type { LogEvent } from "../../domain/events.ts";
import type { Brake } from "../../domain/brake.ts";
import type { Configuration, Overlay, StoredDefaults } from "../../domain/configuration.ts";
import type { Decision, Move, Moves } from "../../domain/instance.ts";
import type { Ending, Outcome, RunOutcomes } from "../../domain/outcome.ts";
import type { PoolMessage } from "../../domain/pool-message.ts";
import type { Architecture, Damaged, InstanceRecord, UsageClass } from "../../domain/record.ts";
import type { Request } from "../../domain/request.ts";
import type { ResourceClass } from "../../domain/resource-class.ts";
import type { PoolListing, PoolName, RunListing } from "../../domain/table.ts";

/** A moment, in milliseconds since the epoch. */
export type EpochMs = number;

export interface Clock {
  /** The moment now, corrected to the clock of AWS where that is known. */
  now(): EpochMs;
  /** Resolves after `ms`, or as soon as `wake` aborts (never rejects). */
  sleep(ms: number, wake?: AbortSignal): Promise<void>;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A fresh identifier: 20 lower-case hexadecimal digits. */
  id(): string;
}

/** One event a line. Never a secret. */
export interface Log {
  event(...event: LogEvent): void;
}

/**
 * The outcome is not known: the request may have been applied. Not an exception, so that no caller forgets it;
 * making any move again is harmless.
 */
export interface Unknown {
  readonly kind: "unknown";
  /** What happened, for people. */
  readonly problem: string;
}

// ---- the table ----

/** Who a move is about; all of it is in a pool message, a listing and a record. */
export interface InstanceRef extends PoolName {
  readonly key: string;
}

/** What a request wants of an instance. */
export type Fitting = Pick<Request, "usageClass" | "minimum" | "allowedTypes">;

export interface Found<Item> {
  readonly items: readonly Item[];
  /** Items that could not be read; each is named, none stops the scan. */
  readonly damaged: readonly Damaged[];
}

/** A decision of `moveAll`: without the record of what was done. */
export type Moved = { readonly kind: "done"; readonly already: boolean } | Extract<Decision, { kind: "refused" }>;

/** The records, as the control plane touches them. Reads reject (after the SDK's retries) with `OutOfReach`. */
export interface Instances {
  /** One conditional write; the loser gets the record as it is. */
  move<M extends Move>(move: M, ref: InstanceRef, told: Moves[M]): Promise<Decision | Unknown>;
  /**
   * One move of many records in few calls, each decided by its own condition as `move` would; outcomes in the order asked. Applied one
   * by one or several at once: whoever calls does not lean on either.
   */
  moveAll<M extends Move>(
    move: M,
    moves: readonly { readonly ref: InstanceRef; readonly told: Moves[M] }[],
  ): Promise<readonly (Moved | Unknown)[]>;
  /** The records under these keys, consistently; those that do not exist are left out. One batch read a hundred. */
  read(keys: readonly string[]): Promise<Found<InstanceRecord>>;
  /** Instances of a run by the index, eventually consistent. */
  ofRun(runId: string): Promise<Found<RunListing>>;
  /**
   * Idle instances of a pool whose threshold lies beyond `after`, by the index, eventually consistent. With `fitting` those that surely
   * do not fit may be left out: what is listed is judged by the caller all the same.
   */
  idle(pool: PoolName, after: EpochMs, fitting?: Fitting): Promise<Found<PoolListing>>;
  /** Every record of the table, consistently. */
  all(): Promise<Found<InstanceRecord>>;
}

/** A service could not be reached, or kept refusing, beyond all retries. */
export class OutOfReach extends Error {
  override readonly name = "OutOfReach";
}

/** It answers, and asks for patience: a rate limit that lasts longer than the caller waits. */
export class RateLimited extends OutOfReach {}

/** How many instances there are, and may be: by the environment, and by partition. */
interface Counters {
  /** Adds `count` to each scope's counter where none exceeds its maximum; otherwise changes nothing and names the full scope. */
  reserve(count: number, scopes: readonly Scope[]): Promise<Reservation | Unknown>;
  /** Takes `count` from each scope's counter, never below zero. */
  free(count: number, scopes: readonly string[]): Promise<void>;
  /** Sets a counter to what was counted, where it still is as seen. */
  recount(scope: string, seen: Counter | undefined, counted: number): Promise<void>;
  /** The counter of a scope; undefined where none exists. */
  counter(scope: string): Promise<Counter | undefined>;
}

/** The environment's own words: configuration, brakes, pause, counters. */
export interface Settings extends Counters {
  /** Rejects with `OutOfReach`, or with `Unconfigured` where the environment does not exist or its item is damaged. */
  load(): Promise<LoadedSettings>;
  /** Replaces the overlay; with the one `seen` only what differs from that, so that others may change other parts meanwhile. */
  writeOverlay(overlay: Overlay, seen?: Overlay): Promise<void>;
  /** Replaces the brakes: refresh judges them by all records, and whoever creates obeys. */
  writeBrakes(brakes: readonly Brake[]): Promise<void>;
}
export interface LoadedSettings {
  readonly configuration: Configuration;
  readonly defaults: StoredDefaults;
  readonly overlay: Overlay;
  /** Why the stored overlay cannot be used: it counts for nothing, and nothing is provisioned until there is another. */
  readonly overlayProblems?: readonly string[];
  /** Of what no further machine is to be created; none where there is none, or where they cannot be read. */
  readonly brakes?: readonly Brake[];
  /** Present while provisioning is paused. */
  readonly paused?: Pause;
}
export interface Pause {
  readonly reason: string;
  readonly at: EpochMs;
}
export interface Counter {
  readonly count: number;
  /** Places ever reserved: it never falls, so that who looks twice knows whether any was reserved in between. */
  readonly reserved: number;
}
export interface Scope {
  readonly name: string;
  readonly maximum: number;
}
export type Reservation = { readonly kind: "reserved" } | { readonly kind: "full"; readonly scope: string };

/** The environment does not exist here, or its configuration cannot be read; the message names the fix. */
export class Unconfigured extends Error {
  override readonly name = "Unconfigured";
}

// ---- the pool ----
export type Received =
  | { readonly kind: "message"; readonly receipt: string; readonly message: PoolMessage }
  | { readonly kind: "unreadable"; readonly receipt: string; readonly body: string; readonly problem: string };

/** The queues, one a resource class. A message received is leased for `limits.leaseMs`. */
export interface Pool {
  /** Up to `most` messages (ten, where nothing is said), without waiting; an empty list proves nothing. */
  receive(resourceClass: string, most?: number): Promise<readonly Received[]>;
  /** Sends in batches of ten; gives back those that were not sent for certain. */
  send(messages: readonly PoolMessage[]): Promise<readonly PoolMessage[]>;
  /** Makes leased messages visible again at once, in batches of ten. A failure is harmless: the lease ends by itself. */
  giveBack(resourceClass: string, receipts: readonly string[]): Promise<void>;
  /** Deletes leased messages, in batches of ten. A failure is harmless: a message is a hint. */
  drop(resourceClass: string, receipts: readonly string[]): Promise<void>;
  /** About how many messages the queue holds, leased ones included, or the one of those set aside. Refresh sends idle instances again where it is fewer. */
  depth(resourceClass: string, of?: "unreadable"): Promise<number>;
  /** Moves an unreadable message to the class's `unreadable` queue with the reason. */
  setAside(resourceClass: string, message: Extract<Received, { kind: "unreadable" }>): Promise<void>;
}

// ---- the fleet ----
export interface LaunchRequest {
  readonly count: number;
  /** Answers for a day with its first result: (environment, run, attempt, provision id, id of its beginning, round). */
  readonly clientToken: string;
  readonly template: { readonly id: string; readonly version: string };
  readonly imageId: string;
  /** At most one subnet an availability zone, in the order to prefer. */
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
  readonly minimum: ResourceClass;
  /** The most vCPUs that a machine may have: a request for 2 must not get 64. */
  readonly maximumCpu: number;
  /** The most to pay for a spot machine, USD an hour; absent = up to its on-demand price. */
  readonly spotMaxPrice?: number;
  readonly architecture: Architecture;
  readonly usageClass: UsageClass;
  /** Names and wildcards; none = every type that meets the minimum. */
  readonly allowedTypes: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Capacity pools that had nothing a moment ago: EC2 stops after three that fail, so they are better not tried again. */
  readonly avoid: readonly CapacityPool[];
}

export interface CapacityPool {
  readonly instanceType: string;
  readonly zone: string;
}

export interface Launched {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly cpu: number;
  readonly mmem: number;
  readonly zone: string;
  readonly usageClass: UsageClass;
}

/**
 * `no-type`: no instance type meets the request at all. `no-capacity`: types do, AWS has none now. `token-used`: the client token
 * was used with another request: this round was asked for before, by a provision that died. `unknown`: a code that nobody has met, which
 * may pass. `refused`: only codes that are known to be final.
 */
export interface LaunchFailure {
  readonly kind: "no-type" | "no-capacity" | "throttled" | "quota" | "token-used" | "unknown" | "refused";
  /** AWS's code and words. */
  readonly reason: string;
  /** The capacity pool that failed, where AWS names it. */
  readonly pool?: CapacityPool;
}
export interface LaunchOutcome {
  readonly kind: "answered";
  readonly launched: readonly Launched[];
  /** Why fewer were launched than asked for. */
  readonly failures: readonly LaunchFailure[];
}

export type MachineState = "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";
export interface MachineSeen {
  readonly instanceId: string;
  readonly state: MachineState;
  readonly launchedAt: EpochMs;
  /** Its availability zone, and its architecture where that is one of ours: as EC2 says; the in-process world says neither. */
  readonly zone?: string;
  readonly architecture?: Architecture;
  readonly tags: Readonly<Record<string, string>>;
  /** AWS's words on why it ended. */
  readonly reason?: string;
}

export interface Fleet {
  /** The image that an SSM parameter names now. */
  image(parameter: string): Promise<string>;
  /** One CreateFleet `instant`. */
  launch(request: LaunchRequest): Promise<LaunchOutcome | Unknown>;
  /** What EC2 says of these; one that it does not know is absent. */
  describe(instanceIds: readonly string[]): Promise<ReadonlyMap<string, MachineSeen>>;
  /** Every machine that is not terminated and carries this environment's tags. */
  ours(): Promise<readonly MachineSeen[]>;
  /** Asks EC2 to end them; gives back the ids that it did not take, with its reason. Unknown ids count as taken. */
  terminate(instanceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

// ---- the forge ----
export interface ForgeToken {
  readonly token: string;
  readonly expiresAt: EpochMs;
}
/** Rejects with `ForgeRefused` (no right, not found) or `OutOfReach`. `scope` = repository `owner/repo`, organisation, or `enterprises/name`. */
export interface Registrar {
  registrationToken(scope: string): Promise<ForgeToken>;
  removalToken(scope: string): Promise<ForgeToken>;
}
export class ForgeRefused extends Error {
  override readonly name = "ForgeRefused";
}

export interface RunnerSeen {
  readonly id: number;
  readonly name: string;
  readonly online: boolean;
  /** GitHub's own view, 25-60 s late: never decide by it. */
  readonly busy: boolean;
  readonly labels: readonly string[];
}
export type Removal = "removed" | "absent" | "busy";
export interface RunnerInventory {
  /** Runners whose name begins with `prefix`; one may be left out while others are deleted: its absence is asked for by name. */
  list(scope: string, prefix: string): Promise<readonly RunnerSeen[]>;
  named(scope: string, name: string): Promise<RunnerSeen | undefined>;
  /** Deletes a registration; refused while a job runs on it. */
  remove(scope: string, runnerId: number): Promise<Removal | Unknown>;
}

/** A workflow run that GitHub has not completed. */
export interface ActiveRun {
  readonly runId: string;
  readonly attempt: number;
}
export interface QueuedJob {
  /** Its `runs-on`. */
  readonly labels: readonly string[];
  readonly queuedAt: EpochMs;
}
/** The jobs that wait for a runner. Rejects with `ForgeRefused` (needs the right to read actions) or `OutOfReach`. */
export interface JobQueue {
  /** Runs of the repository (`owner/repo`) that are not completed. */
  activeRuns(repository: string): Promise<readonly ActiveRun[]>;
  queuedJobs(repository: string, run: ActiveRun): Promise<readonly QueuedJob[]>;
}

/** Which provision of a run: the same name again is the same provision. */
export interface ProvisionName {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
}

/** Which beginning of a provision is under way: by it what is created is known again after a crash. */
interface Beginnings {
  /**
   * Before a provision creates anything: keeps `begun.id` as the one under way, and gives it back; or gives the id of the one that is
   * under way already, where that began after `begun.since` and has not finished. What is created carries it: after a crash the same
   * machines are asked for again, and after the end never.
   */
  begin(
    name: ProvisionName,
    begun: { readonly id: string; readonly at: EpochMs; readonly since: EpochMs },
  ): Promise<string>;
  /** It has given back what it took: whoever begins again begins anew. `save` and `came` with an outcome say the same. */
  finish(name: ProvisionName): Promise<void>;
}

/** Outcomes that no metric has counted yet. */
interface Untold {
  /** Up to when outcomes have been told (0: never), and the runs of which anything was kept since, eventually consistent. */
  untold(): Promise<{ readonly from: EpochMs; readonly runs: readonly RunOutcomes[] }>;
  /** All up to this moment has been told. */
  tell(until: EpochMs): Promise<void>;
}

/** What runs have asked for, kept for `limits.requestKeptMs`. Rejects with `OutOfReach`. */
export interface SavedRequests extends Beginnings, Untold {
  /** The newest of a provision replaces the one before; `outcome`: what came of it, kept for each attempt. */
  save(request: Request, at: EpochMs, outcome?: Outcome): Promise<void>;
  /** One a provision; none that cannot be read. */
  ofRun(runId: string): Promise<readonly Request[]>;
  /** The same where what was asked for is to stay as it is: a re-run asks for less, or under another attempt. */
  came(runId: string, outcome: Outcome): Promise<void>;
  /** The attempts up to this one are over, as far as they had begun: each word is kept. Nothing of a run that has asked for nothing. */
  end(runId: string, ending: Ending): Promise<void>;
  /** Repositories whose runs got instances since, each once, newest first, of `maxima.runsRead` runs at most; eventually consistent. */
  repositories(since: EpochMs): Promise<readonly string[]>;
}

/** Secrets by name; a value never reaches a log, the table or an error's text. */
export interface Secrets {
  /** The value and when it was written; undefined where there is none. */
  read(name: string): Promise<{ readonly value: string; readonly writtenAt: EpochMs } | undefined>;
  write(name: string, value: string): Promise<void>;
}
