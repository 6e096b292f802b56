// Many seeds at once, one worker a core; results come in the order in which they end.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { SimulationResult } from "./simulation.ts";

/** `module`: a simulation to run instead of the one in the sources. `onResult` says "stop" to begin no further seed. */
export async function simulateSeeds(
  count: number,
  from: number,
  onResult: (result: SimulationResult) => "stop" | void,
  module = new URL("simulation.ts", import.meta.url).href,
): Promise<void> {
  let next = from;
  let stopped = false;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("seed-worker.ts", import.meta.url), {
        execArgv: [],
        workerData: { module },
      });
      const more = (): void => {
        if (stopped || next >= from + count) void worker.terminate();
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        else worker.postMessage(next++);
      };
      worker.on("message", (result: SimulationResult) => {
        stopped ||= onResult(result) === "stop";
        more();
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
      more();
    });
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), count) }, one));
}
