// A clock that stands still until a test moves it.
import type { Clock } from "../../cloud/ports/clock.ts";

export interface HandClock extends Clock {
  /** Moves on by `ms`, waking sleepers in their order, and lets what they started settle. */
  advance(ms: number): Promise<void>;
}

export function handClock(start = Date.UTC(2026, 0, 5, 9)): HandClock {
  let now = start;
  let sleepers: { at: number; wake: () => void }[] = [];
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    sleep: (ms) =>
      ms <= 0 ? Promise.resolve() : new Promise((resolve) => sleepers.push({ at: now + ms, wake: resolve })),
    advance: async (ms) => {
      const end = now + ms;
      for (;;) {
        const next = sleepers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        now = next.at;
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}
