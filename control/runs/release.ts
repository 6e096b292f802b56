// Release: run after all jobs whatever their result; the run's instances leave and go to the pool.
import { batchesOf } from "../../domain/batches.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { runnerName, runnerPrefix } from "../../domain/names.ts";
import { ownAssignment } from "../../domain/needs.ts";
import { isOfRun, runGroup } from "../../domain/owner.ts";
import { heartbeatAge } from "../../domain/record.ts";
import { condemn } from "../pool/condemn.ts";
import { askToLeave, forgeProves, leaveRound, type Leaver } from "../pool/leave.ts";
import { goneOf, lookAtMachines } from "../pool/machines.ts";
import { retryUntil } from "../pool/retry.ts";
import type { ControlWorld } from "../world.ts";

export interface ReleaseRequest {
  readonly runId: string;
  /** Instances of attempts up to this one are released. */
  readonly attempt: number;
  /** The repository or organisation whose runners the caller may delete at GitHub; without it the instances do it alone. */
  readonly forgeScope?: string;
  readonly cancel?: AbortSignal;
}

export interface Released {
  readonly pooled: readonly string[];
  readonly condemned: readonly string[];
  /** Claimed by another, ended by itself, or condemned by refresh meanwhile. */
  readonly elsewhere: readonly string[];
  /** Not answered: refresh goes on, their thresholds end them at the latest. */
  readonly left: readonly { readonly instanceId: string; readonly why: "busy" | "unanswered" }[];
}

/** Safe to run twice, and for a run that never provisioned. Rejects where the environment cannot be read. */
export async function release(world: ControlWorld, request: ReleaseRequest): Promise<Released> {
  const until = world.clock.now() + limits.releaseWaitMs;
  const retried = <Value>(read: () => Promise<Value>) => retryUntil(world, until, read, request.cancel);
  const { configuration } = await retried(() => world.settings.load());
  const listed = await retried(() => world.instances.ofGroup(runGroup(request.runId)));
  const mine = listed.items.filter(({ owner }) => isOfRun(owner, request));
  const keys = mine.map(({ key }) => key);
  const { items } = keys.length === 0 ? { items: [] } : await retried(() => world.instances.read(keys));
  const leavers = items
    .filter(({ owner }) => isOfRun(owner, request))
    .map((record): Leaver => ({ record, own: ownAssignment(record) }));
  const asked = await Promise.all(leavers.map(async (leaver) => ({ leaver, answer: await askToLeave(world, leaver) })));
  // Only after it was asked to leave: else a runner that is gone at GitHub would be repaired by its agent.
  const told = asked.filter(({ answer }) => answer === "asked").map(({ leaver }) => leaver);
  for (const { record } of told) world.log.event("instance.asked-to-leave", { instance: record.instanceId });
  await deleteAtForge(world, configuration, request, told, false);
  const waiting = asked.filter(({ answer }) => answer !== "not own").map(({ leaver }) => leaver);
  const [released] = await Promise.all([
    wait(world, configuration, request, waiting),
    waiting.length === 0 ? undefined : end(world, request),
  ]);
  return released;
}

/** For the metrics alone: how long the run had its instances. */
const end = ({ requests, clock, log }: ControlWorld, { runId, attempt }: ReleaseRequest): Promise<void> =>
  requests
    .end(runId, { attempt, at: clock.now() })
    .catch((error: unknown) => log.event("run.end-unsaved", { problem: String(error) }));

/** What GitHub answered for the runner of an instance: nothing where the caller has no rights there. */
type Proof = "removed" | "absent" | "busy";

/**
 * One list, then one delete a runner: refused means that a job runs, and leaves no gap for another to slip in. One that the list leaves
 * out is asked for by its name where its absence is to prove something.
 */
async function deleteAtForge(
  world: ControlWorld,
  configuration: Configuration,
  { forgeScope }: ReleaseRequest,
  leavers: readonly Leaver[],
  proves: boolean,
): Promise<Map<string, Proof>> {
  const proofs = new Map<string, Proof>();
  if (forgeScope === undefined || leavers.length === 0) return proofs;
  try {
    const names = new Map(
      leavers.map(({ record }) => [runnerName(configuration, record.instanceId, record.assignment), record]),
    );
    const runners = await world.forge.runners(forgeScope, runnerPrefix(configuration));
    const ids = new Map(runners.map(({ name, id }) => [name, id]));
    for (const batch of batchesOf([...names], maxima.forgeCallsAtOnce))
      await Promise.all(
        batch.map(async ([name, record]) => {
          const id = ids.get(name) ?? (proves ? (await world.forge.named(forgeScope, name))?.id : undefined);
          const removal = id === undefined ? "absent" : await world.forge.remove(forgeScope, id);
          if (typeof removal === "string") proofs.set(record.key, removal);
        }),
      );
  } catch (error) {
    world.log.event("release.forge-unreachable", { problem: String(error) });
  }
  return proofs;
}

/** Waits for the answers: a job that runs is waited for to its instance's threshold, silence for `limits.releaseWaitMs`. */
async function wait(
  world: ControlWorld,
  configuration: Configuration,
  request: ReleaseRequest,
  first: readonly Leaver[],
): Promise<Released> {
  const ids = { pooled: [] as string[], condemned: [] as string[], elsewhere: [] as string[] };
  const patientUntil = new Map<string, number>();
  let waiting = first;
  let lookedAt = world.clock.now();
  while (waiting.length > 0 && !(request.cancel?.aborted ?? false)) {
    const until = world.clock.now() + limits.releaseWaitMs;
    const round = await retryUntil(world, until, () => leaveRound(world, configuration, waiting), request.cancel);
    ids.pooled.push(...round.pooled);
    ids.condemned.push(...round.retired);
    ids.elsewhere.push(...round.elsewhere);
    waiting = round.waiting;
    const now = world.clock.now();
    for (const { record } of waiting)
      if (record.busy === true || !patientUntil.has(record.key))
        patientUntil.set(record.key, now + limits.releaseWaitMs);
    if (waiting.every(({ record }) => now >= Math.min(patientUntil.get(record.key) ?? now, record.threshold))) break;
    if (now - lookedAt >= limits.machineLookMs) {
      lookedAt = now;
      waiting = await withoutGone(world, waiting, ids.condemned);
    }
    if (waiting.length > 0) await world.clock.sleep(limits.releasePollMs, request.cancel);
  }
  const left = await proveGone(world, configuration, request, waiting, ids.condemned);
  world.log.event("run.released", { pooled: ids.pooled.length, condemned: ids.condemned.length, left: left.length });
  return { ...ids, left };
}

/** A machine that died answers no more: EC2's word condemns it. */
async function withoutGone(
  world: ControlWorld,
  waiting: readonly Leaver[],
  condemned: string[],
): Promise<readonly Leaver[]> {
  const now = world.clock.now();
  const silent = waiting.filter(({ record }) => (heartbeatAge(record, now) ?? Infinity) > limits.freshHeartbeatMs);
  if (silent.length === 0) return waiting;
  const seen = await lookAtMachines(
    world.fleet,
    silent.map(({ record }) => record.instanceId),
  );
  if (seen === undefined) return waiting;
  for (const { record } of silent) {
    const gone = goneOf(record, seen, now);
    if (gone !== undefined) condemned.push(...(await condemn(world, [record], "condemn-gone", gone)));
  }
  return waiting.filter((leaver) => !condemned.includes(leaver.record.instanceId));
}

/**
 * Its registration deleted, or not there, proves that no job runs or can start, where it was not registering when it was read
 * before. What GitHub said at the beginning is no proof any more: a registration that was under way may have come up since.
 */
async function proveGone(
  world: ControlWorld,
  configuration: Configuration,
  request: ReleaseRequest,
  waiting: readonly Leaver[],
  condemned: string[],
): Promise<Released["left"]> {
  const left: Released["left"][number][] = [];
  const proofs = await deleteAtForge(world, configuration, request, waiting, true);
  for (const { record, own } of waiting) {
    const proof = proofs.get(record.key);
    const by = proof === "removed" ? "condemn-deleted" : "condemn-not-found";
    const done =
      (proof === "removed" || proof === "absent") && forgeProves(record)
        ? await condemn(world, [{ ...record, own }], by, { code: "unacknowledged" })
        : [];
    condemned.push(...done);
    if (done.length === 0) left.push({ instanceId: record.instanceId, why: proof === "busy" ? "busy" : "unanswered" });
  }
  return left;
}
