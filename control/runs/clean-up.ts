// Cleaning up after a provision that was killed: what it owns is given back, what it bought and could not record is ended.
import type { ProvisionName } from "../../cloud/ports/saved-requests.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { instanceKey, tags } from "../../domain/names.ts";
import { formatOwner, ownerOf, type Owner } from "../../domain/owner.ts";
import { end } from "../pool/condemn.ts";
import { giveBack, type GivenBack } from "../pool/give-back.ts";
import { ownInstances } from "../pool/own-instances.ts";
import { retryUntil } from "../pool/retry.ts";
import type { ControlWorld } from "../world.ts";

export interface CleanedUp extends GivenBack {
  /** Machines without a record, ended. */
  readonly ended: readonly string[];
}

/** Only once the provision is over for certain: it writes its records after its machines have come to be. */
export async function cleanUp(
  world: ControlWorld,
  configuration: Configuration,
  name: ProvisionName,
): Promise<CleanedUp> {
  const owner = ownerOf(name);
  const unrecorded = endUnrecorded(world, configuration, owner).catch((error: unknown) => {
    world.log.event("clean-up.unseen", { problem: String(error) });
    return [];
  });
  const first = await giveBack(world, configuration, owner, [], limits.giveBackWaitMs);
  // The owner index lags: a record that was written a moment before the kill shows a moment later.
  const until = world.clock.now() + limits.giveBackWaitMs;
  const owned = await retryUntil(world, until, () => ownInstances(world, owner));
  const late = owned.filter(({ record }) => record.wanted === "serve");
  const second = late.length > 0 ? await giveBack(world, configuration, owner, [], limits.giveBackWaitMs) : undefined;
  return {
    pooled: [...first.pooled, ...(second?.pooled ?? [])],
    condemned: [...first.condemned, ...(second?.condemned ?? [])],
    left: second?.left ?? first.left,
    ended: await unrecorded,
  };
}

async function endUnrecorded(
  world: ControlWorld,
  configuration: Configuration,
  owner: Owner,
): Promise<readonly string[]> {
  const name = formatOwner(owner);
  const bought = (await world.fleet.ours()).filter((machine) => machine.tags[tags.owner] === name);
  const keys = new Map(bought.map(({ instanceId }) => [instanceKey(configuration, instanceId), instanceId]));
  if (keys.size === 0) return [];
  const { items, damaged } = await world.instances.read([...keys.keys()]);
  for (const { key } of [...items, ...damaged.filter(({ foreign }) => foreign !== true)]) keys.delete(key);
  await end(world, [...keys.values()]);
  for (const instance of keys.values()) world.log.event("instance.unrecorded", { instance });
  return [...keys.values()];
}
