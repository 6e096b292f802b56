// Provision: makes sure that a run's instances exist, from the pool first, created where it is short; all of them, or none.
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import type { ControlWorld } from "../pool/world.ts";
import { limits } from "../../domain/limits.ts";
import { isPast } from "../../domain/needs.ts";
import { runGroup } from "../../domain/owner.ts";
import { labelOf, type Request } from "../../domain/request.ts";
import { create, heldBackBy, tooLate } from "../pool/creation.ts";
import { giveBack } from "../pool/give-back.ts";
import { fullAt, tellOutOfTime } from "./out-of-time.ts";
import { askEarlierToLeave } from "./earlier-attempts.ts";
import { ownAmong } from "../pool/own-instances.ts";
import { adviceOn, isAmong, type Reason } from "../pool/reasons.ts";
import { lookAtPool, promised, select, type PoolLook } from "../pool/selection.ts";
import { goal, newSupply, spent, type Supply } from "../pool/supply.ts";
import { ownerOf, undertake, type Taken, type Undertaking } from "../pool/taken.ts";
import { remember } from "./outcome.ts";
import { patiently } from "../pool/patiently.ts";
import { commit, validate, type Held } from "../pool/validation.ts";

/** What the action's post step needs to give everything back, should the provision be killed. */
export interface SavedProvision {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
  readonly repository: string;
  readonly committed: boolean;
}

export interface ReadyInstance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly usageClass: string;
  readonly origin: "pool" | "created";
  readonly labels: readonly string[];
}

export type Provisioned =
  | {
      readonly kind: "ready";
      readonly instances: readonly ReadyInstance[];
      readonly created: number;
      readonly reused: number;
      /** From the beginning to all registered, ms. */
      readonly readyMs: number;
      /** Why there are fewer than were asked for, where fewer will do. */
      readonly reasons?: readonly Reason[];
    }
  | {
      readonly kind: "failed" | "cancelled";
      readonly reasons: readonly Reason[];
      /** Its instances were asked to leave meanwhile. */
      readonly released?: true;
      /** So many are still on their way, and left to boot: only of a re-run. */
      readonly booting?: number;
    };

export interface ProvisionOptions {
  /** The environment's words, where the caller has just loaded them. */
  readonly loaded?: LoadedSettings;
  readonly cancel?: AbortSignal;
  /** Called before anything is taken, and again once all is committed. */
  readonly saved?: (state: SavedProvision) => void;
  /**
   * A repetition of a request that is kept: it is not to be kept in its place. What is not ready in time is left to boot: the next
   * refresh enters the same again, and starts what it finds.
   */
  readonly again?: boolean;
}

/** Rejects only where the environment cannot be read (`Unconfigured`, `OutOfReach`): then nothing has been taken. */
export async function provision(
  world: ControlWorld,
  request: Request,
  options: ProvisionOptions = {},
): Promise<Provisioned> {
  const cancel = options.cancel ?? new AbortController().signal;
  const loaded = options.loaded ?? (await world.settings.load());
  const { configuration } = loaded;
  const heldBack = heldBackBy(loaded);
  if (heldBack.length > 0) return { kind: "failed", reasons: heldBack };
  // What is still being asked for when enough are ready is no longer wanted.
  const enough = new AbortController();
  const again = options.again ?? false;
  const undertaking = undertake(world, configuration, request, AbortSignal.any([cancel, enough.signal]), {
    brakes: loaded.brakes,
    foundMs: again ? limits.foundMs : 0,
  });
  const { runId, attempt, provisionId, repository } = request;
  const saved = { runId, attempt, provisionId, repository };
  options.saved?.({ ...saved, committed: false });
  const held: Held = {
    taken: new Map(),
    ready: new Set(),
    started: new Set(),
    reasons: [],
    released: false,
    lookedAt: undertaking.begun,
  };
  try {
    if (await fill(undertaking, held, enough, again)) {
      const outcome = await done(undertaking, held, again);
      // Asked to stop while the last write was under way: nobody will run anything on these.
      if (!cancel.aborted) {
        options.saved?.({ ...saved, committed: true });
        return outcome;
      }
    }
  } catch (error) {
    held.reasons.push({ code: "error", problem: String(error) });
  }
  if (again && !cancel.aborted && !held.released && held.taken.size > 0) {
    await finish(undertaking);
    return { kind: "failed", reasons: held.reasons, booting: held.taken.size };
  }
  const patience = cancel.aborted || again ? limits.giveBackWaitMs : limits.releaseWaitMs;
  await giveBack(world, configuration, saved, [...held.taken.values()], patience);
  if (cancel.aborted) return { kind: "cancelled", reasons: [{ code: "cancelled" }, ...held.reasons] };
  if (held.released) return { kind: "failed", reasons: [await releasedBy(world), ...held.reasons], released: true };
  return { kind: "failed", reasons: [...held.reasons, ...adviceOn(held.reasons)] };
}

/** What it has bought is in the table: the next one under this name asks for others. */
const finish = ({ world, request }: Undertaking): Promise<void> =>
  world.requests
    .finish(request)
    .catch((error: unknown) => world.log.event("provision.finish-unsaved", { problem: String(error) }));

/** A drain asks to leave as a release does, and its reason stands in the pause that it begins with. */
async function releasedBy({ settings }: ControlWorld): Promise<Reason> {
  const [heldBack] = await settings.load().then(heldBackBy, () => []);
  return heldBack ?? { code: "released" };
}

/** Takes, validates and replaces until all are registered and started; false where that cannot be in time. */
async function fill(undertaking: Undertaking, held: Held, enough: AbortController, again: boolean): Promise<boolean> {
  const { world, request, deadline, cancel } = undertaking;
  const supply = newSupply();
  const work = new Set<Promise<void>>();
  const stop = (): void => supply.wake.abort();
  cancel.addEventListener("abort", stop);
  // Asked at the same time as for what is its own already: that is nothing, but for a provision entered again.
  let look: Promise<PoolLook> | undefined = lookAtPool(undertaking, request.count);
  look.catch(() => undefined);
  let remembered: Promise<void> | undefined;
  try {
    await reenter(undertaking, held, again, work);
    let pause: number = limits.validationFirstMs;
    for (;;) {
      if (cancel.aborted || held.released) return false;
      const needed = request.count - held.taken.size - supply.pending;
      const now = world.clock.now();
      // The first look has leased messages, which are given back even where nothing is needed.
      if (look !== undefined || (needed > 0 && !supply.exhausted && now >= supply.notBefore))
        track(work, refill(undertaking, held, supply, needed, look));
      look = undefined;
      if (held.ready.size >= goal(undertaking, held, supply)) {
        // Beside the commit's own writes.
        remembered ??= remember(undertaking, held, again);
        if (await commit(undertaking, held)) {
          const fewer = held.started.size < request.count;
          if (fewer && supply.full !== undefined) held.reasons.push(fullAt(undertaking, supply.full));
          return await remembered.then(() => true);
        }
        // One was lost at the last moment: what came of it is to be said of the others.
        remembered = undefined;
      }
      if (now >= deadline) return await tellOutOfTime(undertaking, held, supply.full).then(() => false);
      if (spent(supply) && held.taken.size < (request.minCount ?? request.count)) return false;
      // With nothing in hand and nothing on its way there is nothing to look at before the next supply begins.
      const nothing = held.taken.size === 0 && supply.pending === 0;
      const rest = nothing ? Math.min(Math.max(pause, supply.notBefore - now), deadline - now) : pause;
      if (!supply.wake.signal.aborted) await world.clock.sleep(rest, supply.wake.signal);
      // Soon after something was taken, then ever less often.
      pause = supply.wake.signal.aborted ? limits.validationFirstMs : Math.min(2 * pause, limits.validationPollMs);
      if (supply.wake.signal.aborted) supply.wake = new AbortController();
      await validate(undertaking, held);
    }
  } finally {
    cancel.removeEventListener("abort", stop);
    enough.abort();
    // What is still being taken must be known before it can be given back.
    await Promise.allSettled(work);
  }
}

function track(work: Set<Promise<void>>, one: Promise<void>): void {
  work.add(one);
  void one.finally(() => work.delete(one)).catch(() => undefined);
}

/** Entered again with the same run, attempt and provision id: what is alive and wanted to serve counts. */
async function reenter(undertaking: Undertaking, held: Held, again: boolean, work: Set<Promise<void>>): Promise<void> {
  const { world, request, begun, deadline, cancel } = undertaking;
  const listed = await patiently(world, deadline, () => world.instances.ofGroup(runGroup(request.runId)), cancel);
  if (!again) track(work, askEarlierToLeave(world, request, listed.items));
  const own = await patiently(world, deadline, () => ownAmong(world, ownerOf(request), listed.items), cancel);
  for (const { record, claimId } of own) {
    // A re-run has started these before: they serve, and do not wait for whoever comes later.
    if (again && record.state === "running") continue;
    const alive = record.retiredAt === undefined && !isPast(record, begun) && record.wanted === "serve";
    // Another step under the same name may have asked for other machines, or for another label.
    const same = record.resourceClass === request.resourceClass && record.architecture === request.architecture;
    if (!same || record.labels?.includes(labelOf(request)) === false) continue;
    if (!alive || held.taken.size >= request.count) continue;
    held.taken.set(record.key, { record, claimId, origin: "pool", since: begun });
    world.log.event("instance.found-again", { instance: record.instanceId });
  }
}

/** Each reason once. */
function tell({ reasons }: Held, reason: Reason): void {
  if (!isAmong(reasons, reason)) reasons.push(reason);
}

/** One supply: a look at the pool, the shortfall created in parallel with selection, then what races cost. */
async function refill(
  undertaking: Undertaking,
  held: Held,
  supply: Supply,
  wanted: number,
  looked = lookAtPool(undertaking, wanted),
): Promise<void> {
  const { world } = undertaking;
  const take = (taken: Taken): void => {
    held.taken.set(taken.record.key, taken);
    supply.pending--;
    wanted--;
    // One read for all; while others are still being taken the poll is soon enough.
    if (supply.pending === 0) supply.wake.abort();
  };
  supply.pending += wanted;
  try {
    const look = await looked;
    const fromPool = Math.min(wanted, promised(undertaking, look));
    const short = wanted - fromPool;
    const [full] = await Promise.all([
      short > 0 && createSome(undertaking, held, supply, short, take),
      select(undertaking, look, fromPool, take),
    ]);
    // What the pool promised and did not keep: silent at the moment, or claimed by another.
    if (wanted > 0 && !full && !supply.exhausted) await createSome(undertaking, held, supply, wanted, take);
  } catch (error) {
    tell(held, { code: "error", problem: String(error) });
    supply.notBefore = world.clock.now() + limits.poolRetryMs;
  } finally {
    supply.pending -= wanted;
    if (wanted > 0) supply.wake.abort();
  }
}

/** Says whether a maximum is reached; where fewer are created than wanted, when the next supply may begin, or that none is worth it. */
async function createSome(
  undertaking: Undertaking,
  held: Held,
  supply: Supply,
  wanted: number,
  take: (taken: Taken) => void,
): Promise<boolean> {
  const { world, cancel } = undertaking;
  if (cancel.aborted) return false;
  const created = await create(undertaking, wanted, supply.rounds, take);
  const { braked } = created;
  if (braked !== undefined && !isAmong(held.reasons, braked)) held.reasons.unshift(braked);
  for (const problem of created.problems) tell(held, problem);
  if (created.taken.length >= wanted) return false;
  // Too late to boot another; what others free may still be had from the pool until the deadline.
  if (tooLate(undertaking)) {
    supply.notBefore = world.clock.now() + limits.poolRetryMs;
    return created.full !== undefined;
  }
  supply.full = created.full;
  // At the maximum the pool may still yield; otherwise creation has tried all that it can.
  if (created.full === undefined) supply.exhausted = true;
  else supply.notBefore = world.clock.now() + limits.poolRetryMs;
  return created.full !== undefined;
}

/** What was taken beyond need is parked, or left to boot in a re-run; the rest is the answer. */
async function done(undertaking: Undertaking, held: Held, again: boolean): Promise<Provisioned> {
  const { world, configuration, request } = undertaking;
  const readyMs = world.clock.now() - undertaking.begun;
  const surplus = [...held.taken.values()].filter(({ record }) => !held.started.has(record.key));
  if (surplus.length > 0 && !again)
    await giveBack(world, configuration, request, surplus, limits.releaseWaitMs, "surplus");
  const started = [...held.taken.values()].filter(({ record }) => held.started.has(record.key));
  const instances = started.map(({ record, origin }) => ({
    instanceId: record.instanceId,
    instanceType: record.instanceType,
    zone: record.zone,
    usageClass: record.usageClass,
    origin,
    labels: record.labels ?? [],
  }));
  const created = instances.filter(({ origin }) => origin === "created").length;
  world.log.event("provision.ready", { created, reused: instances.length - created, readyMs });
  const fewer = instances.length < request.count ? { reasons: held.reasons } : {};
  return { kind: "ready", instances, created, reused: instances.length - created, readyMs, ...fewer };
}
