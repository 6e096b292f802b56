// The laptop's clock: the host's time and timers.
import type { Clock } from "../ports.ts";

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, wake) =>
    new Promise((resolve) => {
      if (wake?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        wake?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      wake?.addEventListener("abort", done, { once: true });
    }),
};
