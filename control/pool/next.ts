// What serving a demand does next: pure, so that every case can be enumerated. Selection and creation are one step, a supply: they run beside it.
import { limits } from "../../domain/limits.ts";

/** Where it stands. Moments are epoch ms. */
export interface Progress {
  readonly count: number;
  /** As many will do where not all can be had in time. */
  readonly least: number;
  readonly begun: number;
  readonly until: number;
  /** Taken, and not known to be lost. */
  readonly held: number;
  /** Of those, registered with a fresh heartbeat. */
  readonly ready: number;
  /** When the last of them was taken; 0 = none. */
  readonly lastTakenAt: number;
  /** Whether the first supply has begun. It begins even where nothing is needed: its look at the pool has leased messages to give back. */
  readonly supplied: boolean;
  /** Wanted by supplies under way. */
  readonly pending: number;
  /** Nothing can be created any more, and the pool has yielded what it can. */
  readonly exhausted: boolean;
  /** Before this moment no further supply begins. */
  readonly notBefore: number;
  readonly cancelled: boolean;
  /** Its instances were asked to leave by somebody else: nobody waits for them any more. */
  readonly released: boolean;
}

export type Next =
  /** Select and create so many, beside the rest. */
  | { readonly kind: "supply"; readonly wanted: number }
  /** Start what is ready: it is enough. */
  | { readonly kind: "commit" }
  | { readonly kind: "give back"; readonly why: "cancelled" | "released" | "out of time" | "too few" }
  /** Rest, at most until this moment, and look at what is held. */
  | { readonly kind: "validate"; readonly at: number };

const isSpent = ({ exhausted, pending }: Progress): boolean => exhausted && pending === 0;

/** How many must be ready: all; where no more come for a while those that have been taken, out of time what will do. */
function enough(progress: Progress, now: number): number {
  const { count, least, held, begun, lastTakenAt, until } = progress;
  // A little before: what was claimed first expires with the demand, and can then no more be started.
  if (now >= until - limits.claimMarginMs) return least;
  const noMore = isSpent(progress) || (least < count && now - Math.max(begun, lastTakenAt) >= limits.fewerAfterMs);
  return noMore ? Math.max(least, Math.min(count, held)) : count;
}

/** `pauseMs`: how long to rest before the next look, soon after something was taken and then ever longer. */
export function next(progress: Progress, now: number, pauseMs: number): Next {
  const { count, least, until, held, ready, supplied, pending, exhausted, notBefore, cancelled, released } = progress;
  if (cancelled || released) return { kind: "give back", why: cancelled ? "cancelled" : "released" };
  const wanted = count - held - pending;
  if (!supplied || (wanted > 0 && !exhausted && now >= notBefore)) return { kind: "supply", wanted };
  if (ready >= enough(progress, now)) return { kind: "commit" };
  if (now >= until) return { kind: "give back", why: "out of time" };
  if (isSpent(progress) && held < least) return { kind: "give back", why: "too few" };
  // With nothing in hand and nothing on its way there is nothing to look at before the next supply begins.
  const nothing = held === 0 && pending === 0;
  return { kind: "validate", at: nothing ? Math.min(Math.max(now + pauseMs, notBefore), until) : now + pauseMs };
}
