// Removals of registrations, off the critical path, one after the other; their failures are logged, their end can be waited for.
import type { Log } from "../../cloud/ports/log.ts";

export interface Background {
  run(work: () => Promise<void>): void;
  /** Resolves when nothing is left to do. */
  settled(): Promise<void>;
}

export function inBackground(log: Log): Background {
  let last = Promise.resolve();
  return {
    run: (work) => {
      last = last.then(work).catch((error: unknown) => log.event("runner.removal-failed", { problem: String(error) }));
    },
    settled: async () => {
      for (let seen; seen !== last;) {
        seen = last;
        await seen;
      }
    },
  };
}
