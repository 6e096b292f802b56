// The record of a machine that has just been launched.
import type { Launched } from "../../cloud/ports/fleet.ts";
import { instanceKey } from "../../domain/names.ts";
import { isPast } from "../../domain/needs.ts";
import type { InstanceRecord, Machine } from "../../domain/record.ts";
import { labelOf } from "../../domain/request.ts";
import { end } from "./condemn.ts";
import { surely } from "./surely.ts";
import { ownershipOf, type Taken, type Undertaking } from "./taken.ts";

export interface Recorded {
  /** Undefined where the machine is not this provision's to use. */
  readonly taken: Taken | undefined;
  /** It had a record already, and with it a place in the counters: the round was asked for before. */
  readonly known: boolean;
}

/** Writes the record of a launched machine; one that cannot be recorded is ended at once, and would end itself. */
export async function recordMachine(
  undertaking: Undertaking,
  launched: Launched,
  imageId: string,
  templateVersion: string,
): Promise<Recorded> {
  const { world, configuration, request, partition, owner } = undertaking;
  const claimId = world.random.id();
  const since = world.clock.now();
  const machine: Machine = {
    key: instanceKey(configuration, launched.instanceId),
    instanceId: launched.instanceId,
    partition,
    resourceClass: request.resourceClass,
    architecture: request.architecture,
    usageClass: launched.usageClass,
    instanceType: launched.instanceType,
    cpu: launched.cpu,
    mmem: launched.mmem,
    zone: launched.zone,
    imageId,
    templateVersion,
    configHash: configuration.configHash,
    launchedAt: since,
  };
  const ownership = owner === undefined ? {} : { ownership: ownershipOf(undertaking, claimId) };
  const decision = await surely(world, () => {
    const now = world.clock.now();
    return world.instances.move("create", machine, {
      now,
      threshold: now + undertaking.bootMs,
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
  if (decision.kind === "refused" && decision.record !== undefined) {
    const taken = owner === undefined ? undefined : adopt(decision.record, owner, labelOf(request), since);
    return { taken, known: true };
  }
  world.log.event("instance.unrecorded", { instance: machine.instanceId });
  await end(world, [machine.instanceId]);
  return { taken: undefined, known: false };
}

/** A re-entered round gives the machines of its first result: what is still this provision's own is taken, what is not is left. */
function adopt(found: InstanceRecord, owner: string, label: string, since: number): Taken | undefined {
  const { claimId } = found;
  if (
    found.owner !== owner ||
    found.labels?.includes(label) === false ||
    claimId === undefined ||
    found.wanted !== "serve"
  )
    return undefined;
  if (found.retiredAt !== undefined || isPast(found, since)) return undefined;
  return { record: found, claimId, origin: "created", since };
}
