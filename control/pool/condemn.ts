// Condemning: first the record, then the machine; refresh repeats the second until EC2 confirms it.
import { limits } from "../../domain/limits.ts";
import type { Own } from "../../domain/needs.ts";
import type { Cause } from "../../domain/reasons.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { moveAll } from "./retry.ts";
import type { PoolWorld } from "./world.ts";

export type Condemnation =
  | "condemn-expired"
  | "condemn-retired"
  | "condemn-gone"
  | "condemn-evicted"
  | "condemn-silent"
  | "condemn-unregistered"
  | "condemn-deleted"
  | "condemn-not-found"
  | "condemn-left";

type Subject = Pick<
  InstanceRecord,
  "key" | "instanceId" | "partition" | "resourceClass" | "architecture" | "assignment" | "signal"
>;

/** Condemns each that its condition allows and asks EC2 to end those; gives back the instance ids that are condemned now. */
export async function condemn(
  world: Pick<PoolWorld, "instances" | "fleet" | "clock" | "log">,
  subjects: readonly (Subject & { own?: Own })[],
  by: Condemnation,
  reason: Cause,
): Promise<readonly string[]> {
  const condemned: string[] = [];
  const outcomes = await moveAll(world, by, subjects, (subject, now) => ({
    now,
    threshold: now + limits.terminateMs,
    reason,
    assignment: subject.assignment,
    signal: subject.signal,
    own: subject.own ?? { by: "claim", owner: "", claimId: "" },
  }));
  outcomes.forEach((outcome, index) => {
    const { instanceId: instance } = subjects[index] as Subject;
    if (outcome.kind === "unknown") return;
    if (outcome.kind === "refused") {
      world.log.event("condemn.refused", { instance, by, why: outcome.why });
      return;
    }
    condemned.push(instance);
    if (!outcome.already) world.log.event("instance.condemned", { instance, by, reason });
  });
  await end(world, condemned);
  return condemned;
}

/** Asks EC2 to end machines. What it refuses is logged; the records say `terminating`, so refresh asks again. */
export async function end(world: Pick<PoolWorld, "fleet" | "log">, instanceIds: readonly string[]): Promise<void> {
  if (instanceIds.length === 0) return;
  try {
    const refused = await world.fleet.terminate(instanceIds);
    for (const [instance, problem] of refused) world.log.event("terminate.refused", { instance, problem });
  } catch (error) {
    world.log.event("terminate.failed", { instances: instanceIds.length, problem: String(error) });
  }
}
