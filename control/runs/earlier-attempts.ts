// What earlier attempts of a run have left behind: asked to leave before the jobs of this one land on it.
import { ownAssignment } from "../../domain/needs.ts";
import { isOfRun, runOf, type RunOwner } from "../../domain/owner.ts";
import type { OwnerListing } from "../../domain/table.ts";
import { askToLeave } from "../pool/leave.ts";
import type { ControlWorld } from "../world.ts";

/** What refresh creates for the queued jobs of a provision has a name of its own: the run's own provision neither waits for it nor repeats it. */
export const rerunOf = (provisionId: string): string => `${provisionId}+rerun`;

/**
 * Attempts share their label, so that jobs of this one would land on what is left of an earlier one and die with it, while its own are
 * free. No job of an earlier attempt runs any more: GitHub begins none before the last has ended; one that does all the same is waited for.
 */
export async function askEarlierToLeave(
  world: Pick<ControlWorld, "instances" | "clock" | "log">,
  { runId, attempt, provisionId }: Omit<RunOwner, "kind">,
  listed: readonly OwnerListing[],
): Promise<void> {
  const names = [provisionId, rerunOf(provisionId)];
  const earlier = listed.filter(
    ({ owner, wanted }) =>
      wanted === "serve" &&
      isOfRun(owner, { runId, attempt: attempt - 1 }) &&
      names.includes(runOf(owner)?.provisionId ?? ""),
  );
  await Promise.all(
    earlier.map(async (item) => {
      const answer = await askToLeave(world, { record: item, own: ownAssignment(item) });
      if (answer === "asked") world.log.event("instance.asked-to-leave", { instance: item.instanceId });
    }),
  );
}
