// Many seeds at once, one worker a core; results come in the order in which they end.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { SimulationResult } from "./simulation.ts";

/** `module`: a bundled simulation to run instead of the one in the sources. */
export async function simulateSeeds(
  count: number,
  from: number,
  onResult: (result: SimulationResult) => void,
  workers = availableParallelism(),
): Promise<void> {
  let next = from;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("seed-worker.ts", import.meta.url), { execArgv: [] });
      const more = (): void => {
        if (next >= from + count) void worker.terminate();
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        else worker.postMessage(next++);
      };
      worker.on("message", (result: SimulationResult) => {
        onResult(result);
        more();
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
      more();
    });
  await Promise.all(Array.from({ length: Math.min(workers, count) }, one));
}
