// The instances that an owner has by the table's word: for entering its provision again, and for giving back after it was killed.
import { formatOwner, groupOf, type Owner } from "../../domain/owner.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { OwnerListing } from "../../domain/table.ts";
import type { PoolWorld } from "./world.ts";

export interface OwnInstance {
  readonly record: InstanceRecord;
  readonly claimId: string;
}

/** Lists by the owner index, then reads the records: the index may be stale, the records are not. */
export const ownInstances = async (
  world: Pick<PoolWorld, "instances">,
  owner: Owner,
): Promise<readonly OwnInstance[]> =>
  await ownAmong(world, owner, (await world.instances.ofGroup(groupOf(owner))).items);

/** The same of what the index has shown. */
export async function ownAmong(
  world: Pick<PoolWorld, "instances">,
  owner: Owner,
  listed: readonly OwnerListing[],
): Promise<readonly OwnInstance[]> {
  const name = formatOwner(owner);
  const keys = listed.filter((item) => item.owner === name).map(({ key }) => key);
  if (keys.length === 0) return [];
  const { items } = await world.instances.read(keys);
  return items.flatMap((record) =>
    record.claimId === undefined || record.owner !== name ? [] : [{ record, claimId: record.claimId }],
  );
}
