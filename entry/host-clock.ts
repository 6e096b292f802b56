// The host's own clock and timers.
import type { Clock } from "../cloud/ports/clock.ts";

export const hostClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, wake) =>
    new Promise((resolve) => {
      if (wake?.aborted === true) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        wake?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
      wake?.addEventListener("abort", done, { once: true });
    }),
};

/** Starts at the host's time and continues monotonically: setting the host's clock does not affect it. */
export const steadyClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  sleep: (ms, wake) => hostClock.sleep(ms, wake),
};
