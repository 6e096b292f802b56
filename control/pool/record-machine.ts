// The record of a machine that has just been launched.
import type { Launched } from "../../cloud/ports/fleet.ts";
import { classOf } from "../../domain/configuration.ts";
import { labelsIn, type Demand } from "../../domain/demand.ts";
import { instanceKey } from "../../domain/names.ts";
import { isPast } from "../../domain/needs.ts";
import { holderOf } from "../../domain/owner.ts";
import type { InstanceRecord, Machine } from "../../domain/record.ts";
import { end } from "./condemn.ts";
import { retryUnknown } from "./retry.ts";
import { ownershipOf, type Taken, type DemandContext } from "./demand-context.ts";

export interface Recorded {
  /** Undefined where the machine is not this provision's to use. */
  readonly taken: Taken | undefined;
  /** It had a record already, and with it a place in the counters: the round was asked for before. */
  readonly known: boolean;
}

/** Writes the record of a launched machine; one that cannot be recorded is ended at once, and would end itself. */
export async function recordMachine(
  context: DemandContext,
  launched: Launched,
  imageId: string,
  templateVersion: string,
): Promise<Recorded> {
  const { world, configuration, demand } = context;
  const claimId = world.random.id();
  const since = world.clock.now();
  const machine: Machine = {
    key: instanceKey(configuration, launched.instanceId),
    instanceId: launched.instanceId,
    partition: demand.partition,
    resourceClass: demand.resourceClass,
    architecture: demand.architecture,
    usageClass: launched.usageClass,
    instanceType: launched.instanceType,
    cpu: launched.cpu,
    mmem: launched.mmem,
    zone: launched.zone,
    imageId,
    templateVersion,
    configHash: classOf(configuration, demand.resourceClass).configHash,
    launchedAt: since,
  };
  const ownership = holderOf(demand.owner) === undefined ? {} : { ownership: ownershipOf(context, claimId) };
  const decision = await retryUnknown(world, () => {
    const now = world.clock.now();
    return world.instances.move("create", machine, {
      now,
      threshold: now + context.bootMs,
      machine,
      claimId,
      ...ownership,
    });
  });
  if (decision.kind === "done") {
    world.log.event("instance.created", {
      instance: machine.instanceId,
      type: machine.instanceType,
      zone: machine.zone,
    });
    return { taken: { record: decision.record, claimId, origin: "created", since }, known: false };
  }
  if (decision.kind === "refused" && decision.record !== undefined)
    return { taken: adopt(decision.record, demand, since), known: true };
  world.log.event("instance.unrecorded", { instance: machine.instanceId });
  await end(world, [machine.instanceId]);
  return { taken: undefined, known: false };
}

/** A re-entered round gives the machines of its first result: what is still this demand's own is taken, what is not is left. */
function adopt(found: InstanceRecord, demand: Demand, since: number): Taken | undefined {
  const { claimId } = found;
  if (found.owner !== holderOf(demand.owner) || claimId === undefined || !isWanted(found, demand, since))
    return undefined;
  return { record: found, claimId, origin: "created", since };
}

/** Whether an instance of this owner serves its demand as it is now: alive, and with the labels that are asked for. */
export const isWanted = (record: InstanceRecord, demand: Demand, now: number): boolean =>
  record.wanted === "serve" &&
  record.retiredAt === undefined &&
  !isPast(record, now) &&
  labelsIn(demand).every((label) => record.labels?.includes(label) === true);
