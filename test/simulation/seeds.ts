// Many seeds at once, one worker a core; results come in the order in which they end.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Rates } from "../world/faults.ts";
import type { SimulationResult } from "./simulation.ts";

export interface SeedsOptions {
  readonly count: number;
  readonly from: number;
  /** Says "stop" to begin no further seed. */
  readonly onResult: (result: SimulationResult) => "stop" | void;
  /** Faults at rates of one's own. */
  readonly rates?: Partial<Rates>;
  /** The URL of a simulation to run instead of the one in the sources. */
  readonly module?: string;
}

export async function simulateSeeds({ count, from, onResult, rates = {}, module }: SeedsOptions): Promise<void> {
  let next = from;
  let stopped = false;
  const workerData = { rates, module: module ?? new URL("simulation.ts", import.meta.url).href };
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("seed-worker.ts", import.meta.url), { execArgv: [], workerData });
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
