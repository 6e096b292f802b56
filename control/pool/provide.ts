// A demand → instances: from the pool first, created where it is short; all of them registered and started, or none.
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import type { Demand } from "../../domain/demand.ts";
import { limits } from "../../domain/limits.ts";
import { groupOf } from "../../domain/owner.ts";
import type { Reason } from "../../domain/reasons.ts";
import type { OwnerListing } from "../../domain/table.ts";
import { create, finish, heldBackBy, newRounds, tooLate, type Rounds } from "./creation.ts";
import { contextOf, type DemandContext, type Taken } from "./demand-context.ts";
import { giveBack } from "./give-back.ts";
import { next, type Progress } from "./next.ts";
import { explainOutOfTime } from "./out-of-time.ts";
import { ownAmong } from "./own-instances.ts";
import { retryUntil } from "./retry.ts";
import { fullAt } from "./places.ts";
import { adviceOn, isAmong } from "./reasons.ts";
import { isWanted } from "./record-machine.ts";
import { lookAtPool, promised, select, type PoolLook } from "./selection.ts";
import { commit, validate, type Held } from "./validation.ts";
import type { PoolWorld } from "./world.ts";

export type Provided =
  | {
      readonly kind: "ready";
      readonly taken: readonly Taken[];
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
      /** So many are still on their way, and left to boot: only where somebody comes again for them. */
      readonly booting?: number;
    };

export interface ProvideOptions {
  readonly cancel?: AbortSignal;
  /** A pause is not for it. */
  readonly whilePaused?: boolean;
  /**
   * Somebody comes again with the same demand: what is not ready in time is left to boot, and what serves already is not looked at.
   */
  readonly comesAgain?: boolean;
  /** Beside the rest: what else the index shows of this owner's group. */
  readonly listed?: (found: readonly OwnerListing[]) => Promise<void>;
  /** Beside the writes of the commit, in place of saying that what had begun has finished: it says so itself. */
  readonly committing?: (context: DemandContext, ready: readonly Taken[]) => Promise<void>;
  /** All is started, and nobody has cancelled. Where it throws, all is given back. */
  readonly committed?: () => void;
}

/** Where the supply stands: what is on its way, and what can still be had. */
interface Supply {
  /** Wanted by supplies under way. */
  pending: number;
  /** The scope that is full; tried again, since others free instances. */
  full: string | undefined;
  /** Nothing can be created any more. */
  exhausted: boolean;
  /** Epoch ms before which no further supply begins. */
  notBefore: number;
  readonly rounds: Rounds;
  /** Rung when there is something new to look at. */
  wake: AbortController;
}

/** All of one demand that changes while it is served. */
interface Serving {
  readonly context: DemandContext;
  readonly options: ProvideOptions;
  readonly held: Held;
  readonly supply: Supply;
  /** What runs beside. */
  readonly work: Set<Promise<void>>;
}

/** Finds what its owner has already, and goes on from there; gives back whatever cannot become all of it. */
export async function provide(
  world: PoolWorld,
  loaded: Pick<LoadedSettings, "configuration" | "brakes">,
  demand: Demand,
  options: ProvideOptions = {},
): Promise<Provided> {
  const { cancel = new AbortController().signal, comesAgain = false, whilePaused = false } = options;
  // What is still being asked for when enough are ready is no longer wanted.
  const enough = new AbortController();
  const context = contextOf(world, loaded, demand, {
    cancel: AbortSignal.any([cancel, enough.signal]),
    foundMs: comesAgain ? limits.foundMs : 0,
    whilePaused,
  });
  const serving = servingOf(context, options);
  const { held } = serving;
  try {
    if (await fill(serving, enough)) {
      const ready = await settled(serving);
      // Asked to stop while the last write was under way: nobody will run anything on these.
      if (!cancel.aborted) {
        options.committed?.();
        return ready;
      }
    }
  } catch (error) {
    held.reasons.push({ code: "error", problem: String(error) });
  }
  if (comesAgain && !cancel.aborted && !held.released && held.taken.size > 0) {
    await finish(world, demand.owner);
    return { kind: "failed", reasons: held.reasons, booting: held.taken.size };
  }
  const patience = cancel.aborted || comesAgain ? limits.giveBackWaitMs : limits.releaseWaitMs;
  await giveBack(world, context.configuration, demand.owner, [...held.taken.values()], patience);
  if (cancel.aborted) return { kind: "cancelled", reasons: [{ code: "cancelled" }, ...held.reasons] };
  if (held.released) return { kind: "failed", reasons: [await releasedBy(world), ...held.reasons], released: true };
  return { kind: "failed", reasons: [...held.reasons, ...adviceOn(held.reasons)] };
}

function servingOf(context: DemandContext, options: ProvideOptions): Serving {
  const held: Held = {
    taken: new Map(),
    ready: new Set(),
    started: new Set(),
    reasons: [],
    released: false,
    lookedAt: context.begun,
  };
  const supply: Supply = {
    pending: 0,
    full: undefined,
    exhausted: false,
    notBefore: 0,
    rounds: newRounds(),
    wake: new AbortController(),
  };
  return { context, options, held, supply, work: new Set() };
}

/** A drain asks to leave as a release does, and its reason stands in the pause that it begins with. */
async function releasedBy({ settings }: PoolWorld): Promise<Reason> {
  const [heldBack] = await settings.load().then(
    (loaded) => heldBackBy(loaded),
    () => [],
  );
  return heldBack ?? { code: "released" };
}

const progressOf = ({ context, held, supply }: Serving, supplied: boolean): Progress => ({
  count: context.demand.count,
  least: context.demand.least,
  begun: context.begun,
  until: context.demand.until,
  held: held.taken.size,
  ready: held.ready.size,
  lastTakenAt: Math.max(0, ...[...held.taken.values()].map(({ since }) => since)),
  supplied,
  pending: supply.pending,
  exhausted: supply.exhausted,
  notBefore: supply.notBefore,
  cancelled: context.cancel.aborted,
  released: held.released,
});

/** Does what `next` says until all are registered and started; false where that cannot be in time. */
async function fill(serving: Serving, enough: AbortController): Promise<boolean> {
  const { context, held, supply, work } = serving;
  const { clock } = context.world;
  const stop = (): void => supply.wake.abort();
  context.cancel.addEventListener("abort", stop);
  // Asked at the same time as for what is its own already: that is nothing, but for a demand that is made again.
  let look: Promise<PoolLook> | undefined = lookAtPool(context, context.demand.count);
  look.catch(() => undefined);
  try {
    await reenter(serving);
    for (let pauseMs: number = limits.validationFirstMs; ;) {
      const now = clock.now();
      const step = next(progressOf(serving, look === undefined), now, pauseMs);
      if (step.kind === "give back") {
        if (step.why === "out of time") await explainOutOfTime(context, held, supply.full);
        return false;
      }
      if (step.kind === "supply") {
        track(work, refill(serving, step.wanted, look));
        look = undefined;
        continue;
      }
      if (step.kind === "commit" && (await start(serving))) return true;
      if (!supply.wake.signal.aborted)
        await clock.sleep(step.kind === "validate" ? step.at - now : pauseMs, supply.wake.signal);
      pauseMs = supply.wake.signal.aborted ? limits.validationFirstMs : Math.min(2 * pauseMs, limits.validationPollMs);
      if (supply.wake.signal.aborted) supply.wake = new AbortController();
      await validate(context, held);
    }
  } finally {
    context.cancel.removeEventListener("abort", stop);
    enough.abort();
    // What is still being taken must be known before it can be given back.
    await Promise.allSettled(work);
  }
}

function track(work: Set<Promise<void>>, one: Promise<void>): void {
  work.add(one);
  void one.finally(() => work.delete(one)).catch(() => undefined);
}

/** False where one was lost at the last moment: it is looked at again, and what came of it is then said of the others. */
async function start({ context, options, held, supply }: Serving): Promise<boolean> {
  const { count } = context.demand;
  const ready = [...held.ready].slice(0, count).flatMap((key) => held.taken.get(key) ?? []);
  const told = options.committing?.(context, ready) ?? finish(context.world, context.demand.owner);
  if (!(await commit(context, held))) return false;
  if (held.started.size < count && supply.full !== undefined) held.reasons.push(fullAt(context, supply.full));
  await told;
  return true;
}

/** Made again for the same owner: what is alive and wanted to serve counts. */
async function reenter({ context, options, held, work }: Serving): Promise<void> {
  const { world, demand, begun, cancel } = context;
  const listing = (): ReturnType<PoolWorld["instances"]["ofGroup"]> => world.instances.ofGroup(groupOf(demand.owner));
  const listed = await retryUntil(world, demand.until, listing, cancel);
  if (options.listed !== undefined) track(work, options.listed(listed.items));
  const own = await retryUntil(world, demand.until, () => ownAmong(world, demand.owner, listed.items), cancel);
  for (const { record, claimId } of own) {
    // An earlier caller has started these: they serve, and do not wait for a later one.
    if (options.comesAgain === true && record.state === "running") continue;
    // The same owner may have asked for other machines before.
    const same = record.resourceClass === demand.resourceClass && record.architecture === demand.architecture;
    if (!same || !isWanted(record, demand, begun) || held.taken.size >= demand.count) continue;
    held.taken.set(record.key, { record, claimId, origin: "pool", since: begun });
    world.log.event("instance.found-again", { instance: record.instanceId });
  }
}

/** Each reason once. */
function tell({ reasons }: Held, reason: Reason): void {
  if (!isAmong(reasons, reason)) reasons.push(reason);
}

/** One supply: a look at the pool, the shortfall created in parallel with selection, then what races cost. */
async function refill(serving: Serving, wanted: number, looked?: Promise<PoolLook>): Promise<void> {
  const { context, held, supply } = serving;
  const take = (taken: Taken): void => {
    held.taken.set(taken.record.key, taken);
    supply.pending--;
    wanted--;
    // One read for all; while others are still being taken the poll is soon enough.
    if (supply.pending === 0) supply.wake.abort();
  };
  supply.pending += wanted;
  try {
    const look = await (looked ?? lookAtPool(context, wanted));
    const fromPool = Math.min(wanted, promised(context, look));
    const short = wanted - fromPool;
    const [full] = await Promise.all([
      short > 0 && createSome(serving, short, take),
      select(context, look, fromPool, take),
    ]);
    // What the pool promised and did not keep: silent at the moment, or claimed by another.
    if (wanted > 0 && !full && !supply.exhausted) await createSome(serving, wanted, take);
  } catch (error) {
    tell(held, { code: "error", problem: String(error) });
    supply.notBefore = context.world.clock.now() + limits.poolRetryMs;
  } finally {
    supply.pending -= wanted;
    if (wanted > 0) supply.wake.abort();
  }
}

/** Says whether a maximum is reached; where fewer are created than wanted, when the next supply may begin, or that none is worth it. */
async function createSome(
  { context, held, supply }: Serving,
  wanted: number,
  take: (taken: Taken) => void,
): Promise<boolean> {
  const { world, cancel } = context;
  if (cancel.aborted) return false;
  const created = await create(context, wanted, supply.rounds, take);
  const { braked } = created;
  if (braked !== undefined && !isAmong(held.reasons, braked)) held.reasons.unshift(braked);
  for (const problem of created.problems) tell(held, problem);
  if (created.taken.length >= wanted) return false;
  // Too late to boot another; what others free may still be had from the pool until the end.
  if (tooLate(context)) {
    supply.notBefore = world.clock.now() + limits.poolRetryMs;
    return created.full !== undefined;
  }
  supply.full = created.full;
  // At the maximum the pool may still yield; otherwise creation has tried all that it can.
  if (created.full === undefined) supply.exhausted = true;
  else supply.notBefore = world.clock.now() + limits.poolRetryMs;
  return created.full !== undefined;
}

/** What was taken beyond need is parked, or left to boot for the next call; the rest is the answer. */
async function settled({ context, options, held }: Serving): Promise<Extract<Provided, { kind: "ready" }>> {
  const { world, configuration, demand, begun } = context;
  const readyMs = world.clock.now() - begun;
  const isStarted = ({ record }: Taken): boolean => held.started.has(record.key);
  const all = [...held.taken.values()];
  const [taken, surplus] = [all.filter(isStarted), all.filter((one) => !isStarted(one))];
  if (surplus.length > 0 && options.comesAgain !== true)
    await giveBack(world, configuration, demand.owner, surplus, limits.releaseWaitMs, "surplus");
  const created = taken.filter(({ origin }) => origin === "created").length;
  world.log.event("provision.ready", { created, reused: taken.length - created, readyMs });
  return { kind: "ready", taken, readyMs, ...(taken.length < demand.count ? { reasons: held.reasons } : {}) };
}
