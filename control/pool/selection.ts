// Selection: one pickup manager between the pool's queue and as many claims as instances are wanted.
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { Received } from "../../cloud/ports/queue.ts";
import type { Found } from "../../cloud/ports/store.ts";
import { misfitOf, type Candidate } from "../../domain/demand.ts";
import { limits, maxima } from "../../domain/limits.ts";
import type { PoolMessage } from "../../domain/pool-message.ts";
import { isPast } from "../../domain/needs.ts";
import type { PoolListing } from "../../domain/table.ts";
import { claim, type ClaimOutcome } from "./claim.ts";
import type { Taken, DemandContext } from "./demand-context.ts";

/** What the first look at the pool promises: both were asked for at the same time. */
export interface PoolLook {
  readonly listed: Found<PoolListing>;
  readonly received: readonly Received[];
}

/** Asks the index which idle instances there are that may fit, and receives as many messages as are wanted, at once. */
export async function lookAtPool(context: DemandContext, wanted: number): Promise<PoolLook> {
  const { world, demand } = context;
  // What is to boot from an image of its own is created: nothing of the pool is asked for, and nothing leased.
  if (demand.image !== undefined) return { listed: { items: [], damaged: [] }, received: [] };
  const after = world.clock.now() + limits.claimMarginMs;
  const [listed, received] = await Promise.all([world.instances.idle(demand, after, demand), receive(context, wanted)]);
  return { listed, received };
}

/**
 * As many messages as are wanted, ten a call, all calls at once: what is not needed is not kept from others. A queue that is out of reach
 * yields none: what the index shows is claimed straight from it.
 */
async function receive({ world, demand }: DemandContext, wanted: number): Promise<readonly Received[]> {
  const calls = Array.from({ length: callsFor(wanted) }, (_, call) =>
    world.pool.receive(demand.resourceClass, Math.min(maxima.poolBatch, wanted - call * maxima.poolBatch)),
  );
  const received = calls.map((call) =>
    call.catch((error: unknown) => {
      if (!(error instanceof OutOfReach)) throw error;
      world.log.event("pool.out-of-reach", { problem: error.message });
      return [];
    }),
  );
  return (await Promise.all(received)).flat();
}

/** How many different instances of a first look fit: what neither queue nor index promises is the shortfall. */
export function promised(context: DemandContext, look: PoolLook): number {
  const keys = new Set<string>();
  for (const item of look.listed.items) if (fits(context, item)) keys.add(item.key);
  for (const { message } of look.received.filter((one) => one.kind === "message"))
    if (fits(context, message)) keys.add(message.key);
  return keys.size;
}

const fits = ({ world, demand, lost }: DemandContext, candidate: Candidate & { key: string }): boolean =>
  !lost.spoilt.has(candidate.key) &&
  misfitOf(candidate, demand, world.clock.now() + limits.claimMarginMs) === undefined;

interface Leased {
  readonly receipt: string;
  readonly message: PoolMessage;
}

/** One scan: what is leased, what was tried, what was won. */
interface Scan {
  readonly context: DemandContext;
  readonly wanted: number;
  readonly onTaken: (taken: Taken) => void;
  readonly listed: Map<string, PoolListing>;
  readonly taken: Taken[];
  /** What a claim was made for, by key, up to which version: once in one scan, unless it came back to the pool meanwhile. */
  readonly tried: Map<string, number>;
  /** Keys met in the queue. */
  readonly met: Set<string>;
  /** Fit, not needed yet. */
  readonly spare: Leased[];
  readonly giveBack: string[];
  readonly drop: string[];
  /** What a claim was made for, and its further deliveries: SQS deletes a message by any of its receipts, so one claim decides on all. */
  readonly claimed: Leased[];
  /** Keys whose claim decided nothing: their messages stay. */
  readonly undecided: Set<string>;
}

/**
 * Takes up to `wanted` idle instances that fit. The pool is exhausted for this workflow when a receive brings nothing new, when
 * the index shows nothing more that fits, or after a bounded number of receives; what the queue does not yield though the
 * index shows it is claimed straight from the index.
 */
export async function select(
  context: DemandContext,
  look: PoolLook,
  wanted: number,
  onTaken: (taken: Taken) => void,
): Promise<readonly Taken[]> {
  const listed = new Map(look.listed.items.filter((item) => fits(context, item)).map((item) => [item.key, item]));
  const scan: Scan = {
    context,
    wanted,
    onTaken,
    listed,
    taken: [],
    tried: new Map(),
    met: new Set(),
    spare: [],
    giveBack: [],
    drop: [],
    claimed: [],
    undecided: new Set(),
  };
  try {
    await fromQueue(scan, look.received);
    await fromIndex(scan);
  } finally {
    await settle(scan);
  }
  return scan.taken;
}

const missing = (scan: Scan): number => scan.wanted - scan.taken.length;
const shouldContinue = (scan: Scan): boolean => missing(scan) > 0 && !scan.context.cancel.aborted;

const callsFor = (wanted: number): number => Math.ceil(wanted / maxima.poolBatch);

async function fromQueue(scan: Scan, first: readonly Received[]): Promise<void> {
  let batch = first;
  for (let receives = callsFor(scan.wanted); ; receives += callsFor(missing(scan))) {
    const news = await sort(scan, batch);
    while (shouldContinue(scan) && scan.spare.length > 0)
      await Promise.all(scan.spare.splice(0, missing(scan)).map((leased) => fromMessage(scan, leased)));
    const unmet = [...scan.listed.keys()].some((key) => !scan.tried.has(key));
    if (!shouldContinue(scan) || !unmet || news === 0 || receives >= maxima.receivesPerScan) return;
    batch = await receive(scan.context, missing(scan));
  }
}

/** Sorts a batch into spare, misfit, stale and unreadable; says how many instances were met for the first time. */
async function sort(scan: Scan, batch: readonly Received[]): Promise<number> {
  const { world, demand } = scan.context;
  let news = 0;
  for (const received of batch) {
    if (received.kind === "unreadable") {
      world.log.event("pool.unreadable", { problem: received.problem });
      await world.pool.setAside(demand.resourceClass, received).catch((error: unknown) => {
        // It comes again when its lease ends, and is nobody else's harm.
        world.log.event("pool.not-set-aside", { problem: String(error) });
      });
      continue;
    }
    const { message, receipt } = received;
    const known = scan.met.has(message.key);
    if (!known) news++;
    scan.met.add(message.key);
    if (isPast(message, world.clock.now())) scan.drop.push(receipt);
    else if (!fits(scan.context, message)) scan.giveBack.push(receipt);
    else scan.spare.push({ receipt, message });
  }
  return news;
}

async function fromMessage(scan: Scan, leased: Leased): Promise<void> {
  const { message } = leased;
  scan.claimed.push(leased);
  if (isTried(scan, message)) return;
  scan.tried.set(message.key, message.version);
  keep(scan, message.key, await claim(scan.context, message));
}

const isTried = ({ tried }: Scan, { key, version }: PoolMessage): boolean => version <= (tried.get(key) ?? -1);

const keep = (scan: Scan, key: string, outcome: ClaimOutcome): void => {
  // Only a decided claim deletes the message; an instance that merely looks silent at the moment keeps it.
  if (outcome.kind === "silent" || outcome.kind === "unknown") scan.undecided.add(key);
  else scan.undecided.delete(key);
  if (outcome.kind !== "won") return;
  scan.taken.push(outcome.taken);
  scan.onTaken(outcome.taken);
};

/** In an order of its own, so that competing provisions do not all try the same instance first. */
async function fromIndex(scan: Scan): Promise<void> {
  const { random } = scan.context.world;
  const rest = [...scan.listed.values()]
    .filter(({ key }) => !scan.tried.has(key))
    .map((item) => ({ item, order: random.next() }))
    .sort((a, b) => a.order - b.order);
  while (shouldContinue(scan) && rest.length > 0)
    await Promise.all(
      rest.splice(0, missing(scan)).map(async ({ item }) => {
        // All that is leased is older than this claim.
        scan.tried.set(item.key, Infinity);
        keep(scan, item.key, await claim(scan.context, item));
      }),
    );
}

/** Gives misfits and what was not needed back in one batch, and deletes what was decided. */
async function settle(scan: Scan): Promise<void> {
  const { world, demand } = scan.context;
  const isOpen = ({ message }: Leased): boolean => !isTried(scan, message) || scan.undecided.has(message.key);
  const leased = [...scan.claimed, ...scan.spare];
  const receiptsOf = (some: readonly Leased[]): string[] => some.map(({ receipt }) => receipt);
  const giveBack = [...scan.giveBack, ...receiptsOf(leased.filter(isOpen))];
  const drop = [...scan.drop, ...receiptsOf(leased.filter((one) => !isOpen(one)))];
  await Promise.all([
    giveBack.length > 0 ? world.pool.giveBack(demand.resourceClass, giveBack) : undefined,
    drop.length > 0 ? world.pool.drop(demand.resourceClass, drop) : undefined,
  ]);
}
