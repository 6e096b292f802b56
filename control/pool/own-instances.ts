// The instances that a provision owns by the table's word: for entering it again, and for giving back after it was killed.
import type { ProvisionName } from "../../cloud/ports/saved-requests.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { RunListing } from "../../domain/table.ts";
import { surely } from "./surely.ts";
import type { ControlWorld } from "./world.ts";

export interface OwnInstance {
  readonly record: InstanceRecord;
  readonly claimId: string;
}

/** Lists by the run index, then reads the records: the index may be stale, the records are not. */
export const ownInstances = async (
  world: Pick<ControlWorld, "instances">,
  name: ProvisionName,
): Promise<readonly OwnInstance[]> => await ownAmong(world, name, (await world.instances.ofRun(name.runId)).items);

/** The same of what the index has shown. */
export async function ownAmong(
  world: Pick<ControlWorld, "instances">,
  { runId, attempt, provisionId }: ProvisionName,
  listed: readonly RunListing[],
): Promise<readonly OwnInstance[]> {
  const keys = listed
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

/** What refresh creates for the queued jobs of a provision has a name of its own: the run's own provision neither waits for it nor repeats it. */
export const rerunOf = (provisionId: string): string => `${provisionId}+rerun`;

/**
 * Attempts share their label, so that jobs of this one would land on what is left of an earlier one and die with it, while its own are
 * free. No job of an earlier attempt runs any more: GitHub begins none before the last has ended; one that does all the same is waited for.
 */
export async function askEarlierToLeave(
  world: Pick<ControlWorld, "instances" | "clock" | "log">,
  { attempt, provisionId }: ProvisionName,
  listed: readonly RunListing[],
): Promise<void> {
  const names = [provisionId, rerunOf(provisionId)];
  const earlier = listed.filter(
    (item) =>
      item.owner !== undefined &&
      item.wanted === "serve" &&
      (item.attempt ?? attempt) < attempt &&
      names.includes(item.provisionId ?? ""),
  );
  await Promise.all(
    earlier.map(async (item) => {
      const own = { by: "run", runId: item.runId ?? "", attempt: attempt - 1, assignment: item.assignment } as const;
      const decision = await surely(world, () =>
        world.instances.move("ask-to-leave", item, { now: world.clock.now(), own }),
      );
      if (decision.kind === "done") world.log.event("instance.asked-to-leave", { instance: item.instanceId });
    }),
  );
}
