// Leaving: instances asked to leave answer `deregistered`, become idle and go to the pool; the same for release, roll-back and refresh.
import type { InstanceRef } from "../../cloud/ports/store.ts";
import type { Configuration } from "../../domain/configuration.ts";
import type { Refusal } from "../../domain/instance.ts";
import { limits } from "../../domain/limits.ts";
import { messageOf, type PoolMessage } from "../../domain/pool-message.ts";
import type { Own } from "../../domain/needs.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { condemn } from "./condemn.ts";
import { ownOf } from "./demand-context.ts";
import { staleness } from "./staleness.ts";
import { retryUnknown } from "./retry.ts";
import type { PoolWorld } from "./world.ts";

export interface Leaver {
  readonly record: InstanceRecord;
  readonly own: Own;
}

export type Answer = "asked" | "not own" | "unknown";

/** Asks to leave. `not own`: it has another owner by now, or none. */
export async function askToLeave(
  world: Pick<PoolWorld, "instances" | "clock">,
  { record, own }: { readonly record: InstanceRef; readonly own: Own },
): Promise<Answer> {
  const decision = await retryUnknown(world, () =>
    world.instances.move("ask-to-leave", record, { now: world.clock.now(), own }),
  );
  if (decision.kind === "unknown") return "unknown";
  return decision.kind === "done" ? "asked" : "not own";
}

/** Whether it has answered every `leave` of its assignment: nothing of it is registered any more. */
export const hasLeft = (record: InstanceRecord): boolean =>
  record.wanted === "leave" &&
  record.owner !== undefined &&
  record.signal?.kind === "deregistered" &&
  record.signal.assignment === record.assignment;

/** Whether it has gone without having been asked to: its runner was made for a single job, which is over. */
export const isOver = (record: InstanceRecord): boolean =>
  record.wanted === "serve" && hasLeft({ ...record, wanted: "leave" });

/**
 * Whether the forge's word on its runner (deleted, or not there), asked for *after* this was read, proves that no job runs or can start:
 * it has been asked to leave, so it begins no registration; and none is under way that comes up, or is made once more, after the word.
 */
export const forgeProves = (record: InstanceRecord): boolean => record.wanted === "leave" && !isRegistering(record);

/** As far as its agent has said. */
export const isRegistering = ({ signal, assignment }: InstanceRecord): boolean =>
  signal?.kind === "registering" && signal.assignment === assignment;

export type Left =
  | { readonly kind: "pooled"; readonly message: PoolMessage }
  /** Condemned at once: for what makes it stale, or since it is not the pool's. */
  | { readonly kind: "retired" }
  | { readonly kind: "refused"; readonly why: Refusal }
  | { readonly kind: "unknown" };

/** Makes an instance that has left idle, or ends it where it was not made for the pool; the caller sends its message there. */
export async function makeIdle(
  world: Pick<PoolWorld, "instances" | "fleet" | "clock" | "log">,
  configuration: Configuration,
  { record, own }: Leaver,
): Promise<Left> {
  if (record.lifetime === "until-told") {
    const condemned = await condemn(world, [{ ...record, own }], "condemn-left", { code: "owner-done" });
    return { kind: condemned.length > 0 ? "retired" : "unknown" };
  }
  const decision = await retryUnknown(world, () => {
    const now = world.clock.now();
    const until = { now, threshold: now + configuration.idleMs };
    return record.state === "created"
      ? // Parking a created instance is by claim.
        world.instances.move("park-left", record, { ...until, own: ownOf({ record, claimId: record.claimId ?? "" }) })
      : world.instances.move("release", record, { ...until, own });
  });
  if (decision.kind === "unknown") return { kind: "unknown" };
  if (decision.kind === "refused") return { kind: "refused", why: decision.why };
  const idle = decision.record;
  const why = staleness(idle, configuration, world.clock.now());
  if (why === undefined) {
    world.log.event("instance.pooled", { instance: idle.instanceId });
    return { kind: "pooled", message: messageOf(idle) };
  }
  await condemn(world, [idle], "condemn-evicted", why);
  return { kind: "retired" };
}

/** Sends to the pool, once more what was not sent; what is lost all the same is found in the index, and sent again by refresh. */
export async function sendToPool(
  world: Pick<PoolWorld, "pool" | "log">,
  messages: readonly PoolMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  let unsent = await world.pool.send(messages).catch(() => messages);
  if (unsent.length > 0) unsent = await world.pool.send(unsent).catch(() => unsent);
  if (unsent.length > 0) world.log.event("pool.unsent", { instances: unsent.map(({ instanceId }) => instanceId) });
}

export interface LeaveRound {
  /** Still to answer, with their newest records. */
  readonly waiting: readonly Leaver[];
  readonly pooled: readonly string[];
  readonly retired: readonly string[];
  /** No longer the caller's: condemned, claimed by another, or gone. */
  readonly elsewhere: readonly string[];
}

/** One look at those that were asked to leave: what has answered becomes idle and goes to the pool. */
export async function leaveRound(
  world: Pick<PoolWorld, "instances" | "fleet" | "pool" | "clock" | "log">,
  configuration: Configuration,
  leavers: readonly Leaver[],
): Promise<LeaveRound> {
  const { items } = await world.instances.read(leavers.map(({ record }) => record.key));
  const found = new Map(items.map((record) => [record.key, record]));
  const waiting: Leaver[] = [];
  const messages: PoolMessage[] = [];
  const ids = { pooled: [] as string[], retired: [] as string[], elsewhere: [] as string[] };
  await Promise.all(
    leavers.map(async ({ record: before, own }) => {
      const record = found.get(before.key);
      const { instanceId } = before;
      if (record === undefined || record.owner === undefined || record.assignment !== before.assignment) {
        ids.elsewhere.push(instanceId);
        return;
      }
      if (!hasLeft(record)) {
        waiting.push({ record, own });
        // Nobody knew whether it was asked: it was not.
        if (record.wanted === "serve") await askToLeave(world, { record, own });
        return;
      }
      const left = await makeIdle(world, configuration, { record, own });
      if (left.kind === "pooled") {
        messages.push(left.message);
        ids.pooled.push(instanceId);
      } else if (left.kind === "retired") ids.retired.push(instanceId);
      else if (left.kind === "unknown") waiting.push({ record, own });
      else await pastIt(world, record, left.why, ids.elsewhere);
    }),
  );
  await sendToPool(world, messages);
  return { waiting, ...ids };
}

/** Refused though it has left: past its threshold, or its agent ends it; then it is condemned. */
async function pastIt(
  world: Pick<PoolWorld, "instances" | "fleet" | "clock" | "log">,
  record: InstanceRecord,
  why: Refusal,
  elsewhere: string[],
): Promise<void> {
  elsewhere.push(record.instanceId);
  if (why === "not past its threshold")
    await condemn(world, [record], "condemn-expired", { code: "expired", state: record.state });
  if (why === "not retired") await condemn(world, [record], "condemn-retired", { code: "retired" });
}

/** How long one that is silent is waited for: never beyond its own threshold. */
export const patience = (record: InstanceRecord, now: number, ms: number): number =>
  Math.min(now + ms, record.threshold + limits.releasePollMs);
