// Prune: old images and their snapshots are deleted, never one that anything may still launch from.
import type { Clock, EpochMs } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import type { ImageParameters, ImageSeen, Images, ParameterValue, SnapshotSeen } from "../../../cloud/ports/images.ts";
import { imageLimits, imageTags } from "../../../domain/image.ts";

export interface PruneWorld {
  readonly images: Images;
  readonly parameters: ImageParameters;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PruneOptions {
  readonly environment: string;
  /** Parameters of the environment, whatever their names. */
  readonly parameters: readonly string[];
  /** Newest images of each variant, and last values of each parameter, that are kept in any case. */
  readonly keep: number;
  readonly dryRun: boolean;
}

interface Inventory {
  readonly now: EpochMs;
  readonly images: readonly ImageSeen[];
  readonly orphans: readonly SnapshotSeen[];
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** By parameter, newest first. */
  readonly histories: ReadonlyMap<string, readonly ParameterValue[]>;
}

interface PrunePlan {
  readonly kept: readonly { readonly image: ImageSeen; readonly reasons: readonly string[] }[];
  readonly images: readonly ImageSeen[];
  readonly snapshots: readonly SnapshotSeen[];
}

/** Why a parameter keeps an image. */
function heldBy(inventory: Inventory, imageId: string, keep: number): readonly string[] {
  return [...inventory.histories].flatMap(([parameter, values]) => {
    const distinct = [...new Set(values.map((value) => value.imageId))].slice(0, keep);
    const at = distinct.indexOf(imageId);
    if (at === 0) return [`${parameter} names it`];
    if (at > 0) return [`one of the last ${keep} values of ${parameter}`];
    // Values from the newest: what replaced a value stands before it.
    const recent = values.some(({ imageId: value }, index) => {
      const replacedAt = values[index - 1]?.writtenAt ?? inventory.now;
      return value === imageId && inventory.now - replacedAt < imageLimits.supersededMs;
    });
    return recent ? [`replaced in ${parameter} a moment ago: a launch may be on its way`] : [];
  });
}

/** Pure: what of all that is seen may go. */
function planPrune(inventory: Inventory, keep: number): PrunePlan {
  const newest = new Map<string, number>();
  const judged = inventory.images.map((image) => {
    const variant = image.tags[imageTags.variant] ?? "";
    const rank = newest.get(variant) ?? 0;
    newest.set(variant, rank + 1);
    const reasons = [
      ...(rank < keep ? [`one of the newest ${keep} of ${variant}`] : []),
      ...heldBy(inventory, image.imageId, keep),
      ...(inventory.users.get(image.imageId) ?? []),
      ...(inventory.now - image.createdAt < imageLimits.youngMs ? ["less than a day old"] : []),
      ...(image.state === "pending" ? ["still being made"] : []),
    ];
    return { image, reasons };
  });
  return {
    kept: judged.filter(({ reasons }) => reasons.length > 0),
    images: judged.filter(({ reasons }) => reasons.length === 0).map(({ image }) => image),
    snapshots: inventory.orphans.filter(({ createdAt }) => inventory.now - createdAt >= imageLimits.youngMs),
  };
}

/** Parameters before users: a launch reads the parameter first and has a machine later, so none slips between the two looks. */
async function look({ images, parameters, clock }: PruneWorld, options: PruneOptions): Promise<Inventory> {
  const names = [...new Set([...options.parameters, ...(await parameters.names())])];
  const histories = new Map<string, readonly ParameterValue[]>();
  for (const name of names) histories.set(name, await parameters.history(name));
  const { images: own, orphans } = await images.own(options.environment);
  return { now: clock.now(), images: own, orphans, users: await images.users(), histories };
}

export interface Pruned extends PrunePlan {
  /** What could not be deleted, and why: the next prune tries again. */
  readonly problems: readonly string[];
}

/** Rejects with `OutOfReach`, or as AWS refuses, where it cannot see everything: then nothing has been deleted. */
export async function prune(world: PruneWorld, options: PruneOptions): Promise<Pruned> {
  if (!(Number.isInteger(options.keep) && options.keep >= 1)) throw new RangeError("keep is at least 1");
  const plan = planPrune(await look(world, options), options.keep);
  if (options.dryRun || plan.images.length + plan.snapshots.length === 0) return { ...plan, problems: [] };
  // Looked at again: only what may go by both looks goes.
  const again = planPrune(await look(world, options), options.keep);
  const still = new Set(again.images.map(({ imageId }) => imageId));
  const orphaned = new Set(again.snapshots.map(({ snapshotId }) => snapshotId));
  const problems: string[] = [];
  const gone: ImageSeen[] = [];
  const emptied: SnapshotSeen[] = [];
  for (const image of plan.images.filter(({ imageId }) => still.has(imageId))) {
    const left = await world.images.remove(image);
    problems.push(...left);
    if (left.length === 0) gone.push(image);
    world.log.event(left.length === 0 ? "image.deleted" : "image.not-deleted", {
      image: image.imageId,
      problems: left,
    });
  }
  for (const snapshot of plan.snapshots.filter(({ snapshotId }) => orphaned.has(snapshotId))) {
    const left = await world.images.removeSnapshot(snapshot.snapshotId);
    problems.push(...left);
    if (left.length === 0) emptied.push(snapshot);
  }
  return { kept: again.kept, images: gone, snapshots: emptied, problems };
}
