// A clock for tests that moves only when told to; those asleep wake in the order of their moments.
import type { Clock, EpochMs } from "../../cloud/ports/clock.ts";

export interface ManualClock extends Clock {
  advance(ms: number): Promise<void>;
  /** How many are asleep. */
  sleepers(): number;
}

export function manualClock(start: EpochMs = 1_700_000_000_000): ManualClock {
  let now = start;
  const asleep = new Set<{ readonly until: EpochMs; wake(): void }>();
  return {
    now: () => now,
    sleep: (ms, wake) =>
      new Promise((resolve) => {
        if (ms <= 0 || wake?.aborted) return resolve();
        const sleeper = {
          until: now + ms,
          wake(): void {
            asleep.delete(sleeper);
            resolve();
          },
        };
        asleep.add(sleeper);
        wake?.addEventListener("abort", () => sleeper.wake(), { once: true });
      }),
    async advance(ms) {
      const end = now + ms;
      const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
      for (;;) {
        const next = [...asleep].sort((a, b) => a.until - b.until)[0];
        if (!next || next.until > end) break;
        now = next.until;
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
    sleepers: () => asleep.size,
  };
}
