// A worker thread that runs one seed after another, on the simulation that it is told of.
import { parentPort, workerData } from "node:worker_threads";
import type { Rates } from "../world/faults.ts";
import type { simulate } from "./simulation.ts";

const { module, rates } = workerData as { readonly module: string; readonly rates: Partial<Rates> };
const loaded = (await import(module)) as { readonly simulate: typeof simulate };

parentPort?.on("message", (seed: number) => {
  const whole = async (): Promise<void> => {
    const result = await loaded.simulate(seed, { rates });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(result);
  };
  void whole();
});
