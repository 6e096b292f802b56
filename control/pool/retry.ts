// Retries after a bad network or a busy service: writes of unknown outcome, reads that got no answer.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { OutOfReach, type Unknown } from "../../cloud/ports/outcomes.ts";
import type { InstanceRef, Moved } from "../../cloud/ports/store.ts";
import type { Move, Moves } from "../../domain/instance.ts";
import { limits, maxima } from "../../domain/limits.ts";
import type { PoolWorld } from "./world.ts";

/** Repeats a write while its outcome is unknown, a bounded number of times, and returns the last outcome: any move may be repeated without harm. */
export async function retryUnknown<Outcome>(
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

/** One move of many subjects, retried one by one where the outcome is unknown; `params` is asked at each try. Outcomes in the order of the subjects. */
export async function moveAll<M extends Move, Subject extends InstanceRef>(
  world: Pick<PoolWorld, "instances" | "clock">,
  move: M,
  subjects: readonly Subject[],
  params: (subject: Subject, now: number) => Moves[M],
): Promise<readonly (Moved | Unknown)[]> {
  const now = world.clock.now();
  const moves = subjects.map((subject) => ({ ref: subject, params: params(subject, now) }));
  const outcomes = await world.instances.moveAll(move, moves);
  return await Promise.all(
    outcomes.map(async (outcome, index) => {
      const subject = subjects[index];
      if (outcome.kind !== "unknown" || subject === undefined) return outcome;
      return await retryUnknown(world, () => world.instances.move(move, subject, params(subject, world.clock.now())));
    }),
  );
}

/** Repeats a read while the service is out of reach. Rejects as `read` does: with `OutOfReach` only from `until` on, or once `cancel` aborts. */
export async function retryUntil<Value>(
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
