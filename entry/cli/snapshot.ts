// An environment at one moment, as `status` and `instances` show it: pure, from its records.
import { wordsOfCause } from "../words/reasons.ts";
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import { limits } from "../../domain/limits.ts";
import { runOf } from "../../domain/owner.ts";
import {
  heartbeatAge,
  lastSignalOf,
  states,
  type Damaged,
  type InstanceRecord,
  type State,
} from "../../domain/record.ts";

export interface InstanceShown {
  readonly instanceId: string;
  readonly state: State;
  readonly owner?: string;
  /** Of one that ends: the run that had it last. */
  readonly runId?: string;
  readonly attempt?: number;
  readonly provisionId?: string;
  /** Asked to leave, and not gone yet. */
  readonly leaving: boolean;
  readonly busy: boolean;
  /** The agent has decided to end it. */
  readonly retired: boolean;
  readonly resourceClass: string;
  readonly architecture: string;
  readonly usageClass: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly uses: number;
  /** The agent's last word on this assignment. */
  readonly signal?: string;
  readonly launchedAt: number;
  readonly ageMs: number;
  readonly threshold: number;
  /** Until the threshold; negative where it has passed. */
  readonly leftMs: number;
  /** Absent where there never was a heartbeat. */
  readonly heartbeatAgeMs?: number;
  /** Why it was condemned. */
  readonly reason?: string;
}

export interface PoolShown {
  readonly resourceClass: string;
  readonly states: Readonly<Record<State, number>>;
  /** About how many messages its queue holds; absent where SQS did not say. */
  readonly queued?: number;
}

export interface Snapshot {
  readonly environment: string;
  readonly region: string;
  readonly at: number;
  readonly paused?: NonNullable<LoadedSettings["paused"]>;
  readonly instances: readonly InstanceShown[];
  readonly pools: readonly PoolShown[];
  readonly damaged: readonly Damaged[];
}

export function shown(record: InstanceRecord, now: number): InstanceShown {
  const { instanceId, state, owner, lastOwner, resourceClass, architecture, usageClass } = record;
  // An idle instance has no run; an ending one is still found by its last run.
  const run = runOf(state === "idle" ? owner : (owner ?? lastOwner));
  const { instanceType, zone, uses, launchedAt, threshold, reason } = record;
  const signal = lastSignalOf(record);
  // A heartbeat from the future counts as none.
  const age = heartbeatAge(record, now) === Number.POSITIVE_INFINITY ? undefined : heartbeatAge(record, now);
  return {
    instanceId,
    state,
    ...(owner === undefined ? {} : { owner }),
    ...(run === undefined ? {} : { runId: run.runId, attempt: run.attempt, provisionId: run.provisionId }),
    leaving: owner !== undefined && record.wanted === "leave",
    busy: record.busy ?? false,
    retired: record.retiredAt !== undefined,
    resourceClass,
    architecture,
    usageClass,
    instanceType,
    zone,
    uses,
    ...(signal?.assignment === record.assignment ? { signal: signal.kind } : {}),
    launchedAt,
    ageMs: now - launchedAt,
    threshold,
    leftMs: threshold - now,
    ...(age === undefined ? {} : { heartbeatAgeMs: age }),
    ...(reason === undefined ? {} : { reason: wordsOfCause(reason) }),
  };
}

/** Working instances first, then available, then ending ones; within that by run and age. */
const order: readonly State[] = ["running", "claimed", "created", "idle", "terminating", "terminated"];

export const sorted = (instances: readonly InstanceShown[]): readonly InstanceShown[] =>
  [...instances].sort(
    (a, b) =>
      order.indexOf(a.state) - order.indexOf(b.state) ||
      (a.runId ?? "").localeCompare(b.runId ?? "", "en", { numeric: true }) ||
      a.launchedAt - b.launchedAt ||
      a.instanceId.localeCompare(b.instanceId, "en"),
  );

/** Counts by class: the environment's classes in their order, then those that only old records know. */
export function poolsOf(
  records: readonly InstanceRecord[],
  classes: readonly string[],
  queued: ReadonlyMap<string, number>,
): readonly PoolShown[] {
  const names = [...new Set([...classes, ...records.map(({ resourceClass }) => resourceClass)])];
  return names.map((resourceClass) => {
    const counts = Object.fromEntries(states.map((state) => [state, 0])) as Record<State, number>;
    for (const record of records) if (record.resourceClass === resourceClass) counts[record.state]++;
    const depth = queued.get(resourceClass);
    return { resourceClass, states: counts, ...(depth === undefined ? {} : { queued: depth }) };
  });
}

/** How fresh the heartbeat is; ending machines need none. */
export function pulse({
  state,
  heartbeatAgeMs = Number.POSITIVE_INFINITY,
}: InstanceShown): "fresh" | "late" | "silent" | "none" {
  if (state === "terminating" || state === "terminated") return "none";
  if (heartbeatAgeMs < limits.freshHeartbeatMs) return "fresh";
  return heartbeatAgeMs < limits.silentHeartbeatMs || state === "created" ? "late" : "silent";
}
