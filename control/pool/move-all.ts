// Many moves of a kind, made again one by one where the outcome is unknown.
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import type { InstanceRef, Moved } from "../../cloud/ports/store.ts";
import type { Move, Moves } from "../../domain/instance.ts";
import { surely } from "./surely.ts";
import type { PoolWorld } from "./world.ts";

/** `tell`: what the move is told, at the moment of each try. Outcomes in the order of the subjects. */
export async function moveAllSurely<M extends Move, Subject extends InstanceRef>(
  world: Pick<PoolWorld, "instances" | "clock">,
  move: M,
  subjects: readonly Subject[],
  tell: (subject: Subject, now: number) => Moves[M],
): Promise<readonly (Moved | Unknown)[]> {
  const now = world.clock.now();
  const moves = subjects.map((subject) => ({ ref: subject, told: tell(subject, now) }));
  const outcomes = await world.instances.moveAll(move, moves);
  return await Promise.all(
    outcomes.map(async (outcome, index) => {
      const subject = subjects[index];
      if (outcome.kind !== "unknown" || subject === undefined) return outcome;
      return await surely(world, () => world.instances.move(move, subject, tell(subject, world.clock.now())));
    }),
  );
}
