// Work off the critical path, one piece after the other; its failures are logged, its end can be waited for.
import type { Log } from "../ports.ts";

export interface Background {
  run(name: string, work: () => Promise<void>): void;
  /** Resolves when nothing is left to do. */
  settled(): Promise<void>;
}

export function inBackground(log: Log): Background {
  let last = Promise.resolve();
  return {
    run: (name, work) => {
      last = last.then(work).catch((error: unknown) => log.event(`${name}-failed`, { problem: String(error) }));
    },
    settled: async () => {
      for (let seen; seen !== last;) {
        seen = last;
        await seen;
      }
    },
  };
}
