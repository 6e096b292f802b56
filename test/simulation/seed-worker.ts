// A worker thread that runs one seed after another.
import { parentPort } from "node:worker_threads";
import { simulate } from "./simulation.ts";

parentPort?.on("message", (seed: number) => {
  const whole = async (): Promise<void> => {
    const result = await simulate(seed);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(result);
  };
  void whole();
});
