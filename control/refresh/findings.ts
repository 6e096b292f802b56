// What refresh finds wrong with a record, or due: one pure judgement a record, so that a dry run prints exactly what a run does.
import type { RunnerRelease } from "../../cloud/ports/images.ts";
import type { MachineSeen } from "../../cloud/ports/fleet.ts";
import type { RunnerSeen } from "../../cloud/ports/forge.ts";
import { machineName } from "../../domain/class-keys.ts";
import { longestLifeMs, type Configuration } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { runnerName } from "../../domain/names.ts";
import { isPast } from "../../domain/needs.ts";
import type { Cause, Gone, Stale } from "../../domain/reasons.ts";
import { heartbeatAge, type InstanceRecord } from "../../domain/record.ts";
import { runnerAge } from "../operate/images/runner-age.ts";
import type { Condemnation } from "../pool/condemn.ts";
import { hasLeft, isOver, isRegistering } from "../pool/leave.ts";
import { goneOf, hasEnded } from "../pool/machines.ts";
import { staleness } from "../pool/staleness.ts";
import { partitionScopes } from "./tokens.ts";

/** A runner of ours with the scope at which it is registered. */
export interface OurRunner extends RunnerSeen {
  readonly scope: string;
}

/** GitHub's lists, and the scopes that gave one: of another no absence is known. */
export interface RunnersListed {
  readonly runners: readonly OurRunner[];
  readonly scopes: ReadonlySet<string>;
}

export type Finding =
  /** EC2 says that a condemned machine has ended. */
  | { readonly kind: "confirm"; readonly record: InstanceRecord; readonly why: Gone }
  /** Condemned, but EC2 still runs it: asked again. */
  | { readonly kind: "end-again"; readonly record: InstanceRecord; readonly why: Cause }
  | {
      readonly kind: "condemn";
      readonly record: InstanceRecord;
      readonly by: Condemnation;
      readonly why: Cause;
      /** EC2's word that the machine has ended already: then it is confirmed in the same refresh. */
      readonly ended: Gone | undefined;
    }
  /** It has answered `leave`, but the caller is gone; or it has left by itself, its one job done: made idle now. */
  | { readonly kind: "make-idle"; readonly record: InstanceRecord; readonly why: Cause }
  /** It was asked to leave and is silent, or it serves and hangs: GitHub is asked for proof that no job runs. */
  | { readonly kind: "prove"; readonly record: InstanceRecord; readonly why: Cause }
  /** Created without an owner (the idle floor) and up. */
  | { readonly kind: "park"; readonly record: InstanceRecord; readonly why: Cause };

export interface Facts {
  readonly configuration: Configuration;
  readonly now: number;
  /** EC2's word on every machine of the records looked at; one that it does not know is absent. */
  readonly seen: ReadonlyMap<string, MachineSeen>;
  /** The image that new instances get, by `machineName`. */
  readonly images: ReadonlyMap<string, string>;
  /** Of GitHub's runner; none where they are not known. */
  readonly releases: readonly RunnerRelease[];
  /** GitHub's lists, as they were made before the records were read. */
  readonly listed: RunnersListed;
}

/** What is to be done about a record; undefined where all is well. */
export function findingOf(record: InstanceRecord, facts: Facts): Finding | undefined {
  const { now, seen } = facts;
  if (record.state === "terminated") return undefined;
  const gone = goneOf(record, seen, now);
  const ended = gone !== undefined && hasEnded(gone) ? gone : undefined;
  if (record.state === "terminating") {
    if (ended !== undefined) return { kind: "confirm", record, why: ended };
    return { kind: "end-again", record, why: { code: "running-on", late: isPast(record, now) } };
  }
  const verdict = condemnation(record, facts, gone);
  if (verdict !== undefined) return { kind: "condemn", record, ...verdict, ended };
  return unfinished(record, facts);
}

interface Verdict {
  readonly by: Condemnation;
  readonly why: Cause;
}

function condemnation(record: InstanceRecord, facts: Facts, gone: Gone | undefined): Verdict | undefined {
  const { now, configuration, images } = facts;
  if (record.retiredAt !== undefined) return { by: "condemn-retired", why: { code: "retired" } };
  if (gone !== undefined) return { by: "condemn-gone", why: gone };
  if (isPast(record, now)) return { by: "condemn-expired", why: { code: "expired", state: record.state } };
  if (record.state !== "idle") return undefined;
  if (silent(record, now)) return { by: "condemn-silent", why: silence };
  // What the table lets nobody claim is of no use to anybody; and an agent of ours has not written it.
  const why: Stale | undefined =
    (record.spoilt === undefined ? undefined : { code: "spoilt", attributes: record.spoilt }) ??
    staleness(record, configuration, now, images.get(machineName(record))) ??
    refusedSoon(record, facts);
  return why === undefined ? undefined : { by: "condemn-evicted", why };
}

/** GitHub gives a runner no jobs any more 30 days after a newer one is out: a run must not claim one that is about to be refused. */
function refusedSoon({ vitals }: InstanceRecord, { releases, now }: Facts): Stale | undefined {
  const version = vitals?.runnerVersion;
  if (version === undefined) return undefined;
  const { kind, newer } = runnerAge(version, releases, now);
  return kind === "evict" ? { code: "runner-outdated", version, newer: newer?.version ?? "" } : undefined;
}

const silence: Cause = { code: "silent", ms: limits.silentHeartbeatMs };
const silent = (record: InstanceRecord, now: number, ms: number = limits.silentHeartbeatMs): boolean =>
  (heartbeatAge(record, now) ?? Number.POSITIVE_INFINITY) > ms;

/**
 * Serving, silent for minutes, and not online at GitHub either. That alone proves nothing (GitHub says late who is busy, and a machine that is cut off
 * may come back): so it is asked for proof. An agent that may be registering is left to its provision. Without GitHub's list nothing hangs.
 */
function hangs(record: InstanceRecord, { now, configuration, listed }: Facts): boolean {
  if (record.wanted !== "serve" || (record.state !== "claimed" && record.state !== "running")) return false;
  if (listed.scopes.size === 0 || !silent(record, now, limits.hungMs) || isRegistering(record)) return false;
  const scope = partitionScopes(configuration).get(record.partition);
  if (scope === undefined || !listed.scopes.has(scope)) return false;
  const name = runnerName(configuration, record.instanceId, record.assignment);
  const runner = listed.runners.find((one) => one.name === name);
  return runner === undefined || (!runner.online && !runner.busy);
}

/** What somebody began and is not there to finish. */
function unfinished(record: InstanceRecord, facts: Facts): Finding | undefined {
  const { now } = facts;
  if (hasLeft(record)) return { kind: "make-idle", record, why: { code: "left" } };
  if (isOver(record)) return { kind: "make-idle", record, why: { code: "job-over" } };
  if (record.state !== "idle" && record.wanted === "leave" && silent(record, now))
    return { kind: "prove", record, why: { code: "leave-unanswered", ms: limits.silentHeartbeatMs } };
  if (hangs(record, facts)) return { kind: "prove", record, why: { code: "hung", ms: limits.hungMs } };
  if (record.state === "created" && record.owner === undefined && record.signal?.kind === "prepared")
    return { kind: "park", record, why: { code: "no-owner" } };
  return undefined;
}

/** Machines of ours that have had no record for longer than the boot limit. */
export function unrecorded(
  machines: readonly MachineSeen[],
  known: ReadonlySet<string>,
  { configuration, now }: Pick<Facts, "configuration" | "now">,
): readonly MachineSeen[] {
  return machines.filter(
    (machine) =>
      !known.has(machine.instanceId) && now - machine.launchedAt > configuration.bootMs && isPaidFor(machine),
  );
}

/** A stopped one's disks are. */
const isPaidFor = ({ state }: MachineSeen): boolean => state !== "shutting-down" && state !== "terminated";

/**
 * Machines of ours that are ended at EC2 whatever their records say, each with its reason: older by EC2's own word than any life may be, or long
 * past a threshold without having been condemned. `ending`: whose end has been asked for in this refresh.
 */
export function overdue(
  machines: readonly MachineSeen[],
  records: readonly InstanceRecord[],
  ending: ReadonlySet<string>,
  { configuration, now }: Pick<Facts, "configuration" | "now">,
): ReadonlyMap<string, Cause> {
  const longest = longestLifeMs(configuration);
  const late = new Set(
    records
      .filter((record) => record.state !== "terminated" && isLongPast(record, now))
      .map(({ instanceId }) => instanceId),
  );
  const found = new Map<string, Cause>();
  for (const machine of machines) {
    const { instanceId, launchedAt } = machine;
    if (ending.has(instanceId) || !isPaidFor(machine)) continue;
    if (now - launchedAt > longest) found.set(instanceId, { code: "too-old" });
    else if (late.has(instanceId)) found.set(instanceId, { code: "not-condemnable" });
  }
  return found;
}

/** One beyond every possible threshold is past it at once. */
const isLongPast = (record: InstanceRecord, now: number): boolean =>
  isPast(record, now) && (record.threshold > now || now - record.threshold > limits.overdueMs);
