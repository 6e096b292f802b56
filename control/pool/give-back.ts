// Giving back: a provision that cannot finish, or was cancelled or killed, gives back everything it took.
import type { Configuration } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import type { Owner } from "../../domain/owner.ts";
import { condemn } from "./condemn.ts";
import { finish } from "./creation.ts";
import { askToLeave, leaveRound, patience, type Leaver } from "./leave.ts";
import { ownInstances } from "./own-instances.ts";
import { retryUntil } from "./retry.ts";
import { ownOf, type Taken } from "./demand-context.ts";
import type { PoolWorld } from "./world.ts";

export interface GivenBack {
  readonly pooled: readonly string[];
  readonly condemned: readonly string[];
  /** Asked to leave, but a job runs or it has not answered yet: refresh takes it from here, its threshold ends it at the latest. */
  readonly left: readonly string[];
}

const askAll = (world: PoolWorld, all: readonly Pick<Taken, "record" | "claimId">[]) =>
  Promise.all(
    all.map(async (one) => {
      const leaver: Leaver = { record: one.record, own: ownOf(one) };
      return { leaver, answer: await askToLeave(world, leaver) };
    }),
  );

/**
 * Asks all to leave, and parks each that answers; one that gives no sign of life within `patienceMs` is condemned. `known` is what
 * the caller holds; with `everything` the table is asked for what else this owner has.
 */
export async function giveBack(
  world: PoolWorld,
  configuration: Configuration,
  owner: Owner,
  known: readonly Taken[],
  patienceMs: number,
  extent: "everything" | "surplus" = "everything",
): Promise<GivenBack> {
  const begun = world.clock.now();
  // What is held is asked at once, whatever becomes of the question what else there is.
  const claims = new Map(known.map(({ record, claimId }) => [record.key, claimId]));
  const [first, own] = await Promise.all([
    askAll(world, known),
    extent === "surplus" ? [] : retryUntil(world, begun + patienceMs, () => ownInstances(world, owner)).catch(() => []),
  ]);
  const others = own.filter(({ record, claimId }) => claims.get(record.key) !== claimId);
  const asked = [...first, ...(await askAll(world, others))];
  let waiting: readonly Leaver[] = asked.filter(({ answer }) => answer !== "not own").map(({ leaver }) => leaver);
  const pooled: string[] = [];
  const condemned: string[] = [];
  while (waiting.length > 0) {
    const round = await leaveRound(world, configuration, waiting).catch((error: unknown) => {
      world.log.event("give-back.unread", { problem: String(error) });
      return undefined;
    });
    pooled.push(...(round?.pooled ?? []));
    condemned.push(...(round?.retired ?? []));
    waiting = round?.waiting ?? waiting;
    const now = world.clock.now();
    const patient = waiting.filter(({ record }) => now < patience(record, begun, patienceMs));
    if (patient.length === 0) break;
    await world.clock.sleep(limits.releasePollMs);
  }
  // Where nothing has begun to register the machine may go at once; everything else may have a job.
  condemned.push(
    ...(await condemn(
      world,
      waiting.map(({ record, own }) => ({ ...record, own })),
      "condemn-unregistered",
      { code: "given-back" },
    )),
  );
  if (extent === "everything") await finish(world, owner);
  const left = waiting.map(({ record }) => record.instanceId).filter((id) => !condemned.includes(id));
  world.log.event("provision.given-back", { pooled: pooled.length, condemned: condemned.length, left: left.length });
  return { pooled, condemned, left };
}
