// The instances that a provision owns by the table's word: for entering it again, and for giving back after it was killed.
import type { InstanceRecord } from "../domain/record.ts";
import type { ProvisionName } from "../cloud/ports.ts";
import type { ControlWorld } from "./world.ts";

export interface OwnInstance {
  readonly record: InstanceRecord;
  readonly claimId: string;
}

/** Lists by the run index, then reads the records: the index may be stale, the records are not. */
export async function ownInstances(
  world: Pick<ControlWorld, "instances">,
  { runId, attempt, provisionId }: ProvisionName,
): Promise<readonly OwnInstance[]> {
  const listed = await world.instances.ofRun(runId);
  const keys = listed.items
    .filter((item) => item.attempt === attempt && item.provisionId === provisionId)
    .map(({ key }) => key);
  if (keys.length === 0) return [];
  const { items } = await world.instances.read(keys);
  const own: OwnInstance[] = [];
  for (const record of items) {
    const { claimId } = record;
    if (claimId === undefined || record.runId !== runId) continue;
    if (record.attempt === attempt && record.provisionId === provisionId) own.push({ record, claimId });
  }
  return own;
}
