// Records and moves that contract tests begin with.
import { limits } from "../../domain/limits.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import type { InstanceRecord, Machine, Ownership, SignalKind } from "../../domain/record.ts";
import type { Decision } from "../../domain/instance.ts";
import { someMachine } from "../../sim/idle-instance.ts";
import type { Whole } from "../../cloud/aws/stored-shape.ts";
import type { OwnInstance, VitalSigns } from "../../cloud/ports/own-instance.ts";
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import type { InstanceRef } from "../../cloud/ports/store.ts";
import type { Stand } from "./stand.ts";

let count = 0;
/** A name that no other test of this process uses. */
export const fresh = (prefix: string): string => `${prefix}-${process.pid}-${++count}`;

/** A run's id, likewise. */
export const freshRun = (): string => `${process.pid}${String(++count).padStart(6, "0")}`;

export const ownership = (runId: string, claimId: string): Whole<Ownership> => ({
  owner: formatOwner(runOwner(runId, 1, "provision")),
  claimId,
  labels: [runId, "large"],
  registration: [{ forge: "github", scope: "acme/shop", labels: [runId, "large"], kind: "token" }],
  lifetime: "pooled",
  maxRuntimeMs: 1_800_000,
});

export const machineOf = (key: string, instanceId: string, launchedAt: number, partition: string): Whole<Machine> => ({
  ...someMachine,
  instanceType: "m5.large",
  mmem: 8192,
  key,
  instanceId,
  partition,
  launchedAt,
});

export interface Newcomer {
  readonly ref: InstanceRef;
  readonly machine: Machine;
  readonly own: OwnInstance;
}

/** A machine of a partition of its own, without a record. */
export async function newcomer(stand: Stand, partition = fresh("github:acme/p")): Promise<Newcomer> {
  const { key, instanceId, own } = await stand.machine();
  const machine = machineOf(key, instanceId, stand.now(), partition);
  return { ref: { key, partition, resourceClass: "large", architecture: "x64" }, machine, own };
}

export const until = (stand: Stand, ms: number = limits.bootMs) => ({ now: stand.now(), threshold: stand.now() + ms });

export function done(outcome: Decision | Unknown): InstanceRecord {
  if (outcome.kind !== "done") throw new Error(`not done: ${JSON.stringify(outcome)}`);
  return outcome.record;
}

/** Judged by the record as it is now. */
export const report = async (stand: Stand, own: OwnInstance, kind: SignalKind, assignment: number) => {
  const sight = await own.watch(undefined, stand.now(), signs, new AbortController().signal);
  if (sight.kind !== "record") throw new Error(`no record: ${JSON.stringify(sight)}`);
  const written = await own.signal(signalOf(kind, assignment, stand.now()), sight.record);
  if (written.kind !== "written") throw new Error(`not written: ${JSON.stringify(written)}`);
  return written.record;
};

export const signs = (): Whole<VitalSigns> => ({
  busy: false,
  agentVersion: "1.0.0",
  vitals: { listener: "none", jobs: 0, diskFree: 0.5, runnerVersion: "2.336.0" },
});

/** One heartbeat: a watch that has been waited out. */
export const beat = (stand: Stand, own: OwnInstance, seen: number) =>
  own.watch(seen, stand.now() + limits.heartbeatMs + limits.agentWatchMs, signs, new AbortController().signal);

/** An idle instance with a fresh heartbeat. */
export async function idler(stand: Stand, partition?: string): Promise<Newcomer & { readonly record: InstanceRecord }> {
  const made = await newcomer(stand, partition);
  const { ref, machine, own } = made;
  const created = done(await stand.instances.move("create", ref, { ...until(stand), machine, claimId: fresh("c") }));
  await report(stand, own, "prepared", created.assignment);
  await beat(stand, own, created.version);
  const record = done(await stand.instances.move("park-prepared", ref, until(stand, limits.idleMs)));
  return { ...made, record };
}
