// Where the supply of a provision stands: what is on its way, what can still be had, and how much of it is enough.
import { limits } from "../../domain/limits.ts";
import { newRounds, type Rounds } from "./creation.ts";
import type { Undertaking } from "./taken.ts";
import type { Held } from "./validation.ts";

export interface Supply {
  /** Wanted by supplies under way. */
  pending: number;
  /** The scope that is full; tried again, since others free instances. */
  full: string | undefined;
  /** Nothing can be created any more. */
  exhausted: boolean;
  /** Epoch ms before which no further supply begins. */
  notBefore: number;
  readonly rounds: Rounds;
  wake: AbortController;
}

export const newSupply = (): Supply => ({
  pending: 0,
  full: undefined,
  exhausted: false,
  notBefore: 0,
  rounds: newRounds(),
  wake: new AbortController(),
});

export const spent = ({ exhausted, pending }: Supply): boolean => exhausted && pending === 0;

/** How many must be ready: all; where no more come for a while those that have been taken, out of time what will do. */
export function goal({ world, request, deadline, begun }: Undertaking, { taken }: Held, supply: Supply): number {
  const { count, minCount = count } = request;
  const now = world.clock.now();
  // A little before: what was claimed first expires with the deadline, and can then no more be started.
  if (now >= deadline - limits.claimMarginMs) return minCount;
  const last = Math.max(begun, ...[...taken.values()].map(({ since }) => since));
  const noMore = spent(supply) || (minCount < count && now - last >= limits.fewerAfterMs);
  return noMore ? Math.max(minCount, Math.min(count, taken.size)) : count;
}
