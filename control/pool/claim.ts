// One claim of one idle instance: won, lost, or the instance found dead and condemned.
import type { InstanceRef } from "../../cloud/ports/store.ts";
import { limits } from "../../domain/limits.ts";
import { heartbeatAge } from "../../domain/record.ts";
import { condemn } from "./condemn.ts";
import { ownershipOf, type Taken, type DemandContext } from "./demand-context.ts";
import { retryUnknown } from "./retry.ts";

export type ClaimOutcome =
  | { readonly kind: "won"; readonly taken: Taken }
  /** Another owner has it, or it is gone: a lost race costs nothing. */
  | { readonly kind: "lost" }
  /** Its heartbeat is not fresh at the moment. */
  | { readonly kind: "silent" }
  | { readonly kind: "unknown" };

/** Claims under a fresh claimId; an unknown outcome is asked again with the same one, which then finds its own win. */
export async function claim(context: DemandContext, ref: InstanceRef): Promise<ClaimOutcome> {
  const { world, configuration } = context;
  const claimId = world.random.id();
  const ownership = ownershipOf(context, claimId);
  const since = world.clock.now();
  const decision = await retryUnknown(world, () => {
    const now = world.clock.now();
    return world.instances.move("claim", ref, { now, threshold: now + configuration.provisionMs, ownership });
  });
  if (decision.kind === "unknown") return { kind: "unknown" };
  if (decision.kind === "done") {
    world.log.event("instance.claimed", { instance: decision.record.instanceId, type: decision.record.instanceType });
    return { kind: "won", taken: { record: decision.record, claimId, origin: "pool", since } };
  }
  const { why, record } = decision;
  if (why === "heartbeat fresh" && record !== undefined) {
    if ((heartbeatAge(record, world.clock.now()) ?? Infinity) <= limits.silentHeartbeatMs) return { kind: "silent" };
    const condemned = await condemn(world, [record], "condemn-silent", {
      code: "silent",
      ms: limits.silentHeartbeatMs,
    });
    // It was heard of again in between: it still idles, and its message stays.
    if (condemned.length === 0) return { kind: "silent" };
  }
  context.lost.claims++;
  if (why === "spoilt") context.lost.spoilt.add(ref.key);
  world.log.event("claim.lost", { key: ref.key, why });
  return { kind: "lost" };
}
