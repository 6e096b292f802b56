// Asking again while a service is out of reach: what can be known a moment later is no reason to give up.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { limits } from "../../domain/limits.ts";
import type { PoolWorld } from "./world.ts";

/** Rejects as `read` does: with `OutOfReach` only from `until` on, or once nobody waits any more. */
export async function patiently<Value>(
  { clock, log }: Pick<PoolWorld, "clock" | "log">,
  until: EpochMs,
  read: () => Promise<Value>,
  cancel?: AbortSignal,
): Promise<Value> {
  for (;;)
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof OutOfReach) || clock.now() >= until || cancel?.aborted === true) throw error;
      log.event("service.out-of-reach", { problem: error.message });
      await clock.sleep(limits.poolRetryMs, cancel);
    }
}
