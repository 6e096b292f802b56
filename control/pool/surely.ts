// Making a write again while its outcome is unknown: every move may be made again without harm.
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import { limits, maxima } from "../../domain/limits.ts";
import type { PoolWorld } from "./world.ts";

/** Tries again while the outcome is unknown, a bounded number of times; gives the last outcome. */
export async function surely<Outcome>(
  world: Pick<PoolWorld, "clock">,
  write: () => Promise<Outcome | Unknown>,
): Promise<Outcome | Unknown> {
  let outcome = await write();
  for (let tries = 1; tries < maxima.unknownTries && isUnknown(outcome); tries++) {
    await world.clock.sleep(limits.unknownRetryMs * 2 ** (tries - 1));
    outcome = await write();
  }
  return outcome;
}

const isUnknown = (outcome: unknown): outcome is Unknown =>
  typeof outcome === "object" && outcome !== null && "kind" in outcome && outcome.kind === "unknown";
