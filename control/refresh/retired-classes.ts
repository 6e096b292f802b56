// Classes taken out of an environment whose queues are still kept: their queues are emptied, and who may forget them is told.
import { merge, retiredClassesOf, type StoredDefaults } from "../../domain/configuration.ts";
import { maxima } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { Attempt } from "../pool/attempt.ts";
import type { ControlWorld } from "../world.ts";

export interface RetiredClass {
  readonly resourceClass: string;
  /** Not ended yet. */
  readonly instances: number;
  /** About how many messages its queue holds. */
  readonly messages: number;
  /** About how many the queue beside it holds, for a person to look at. */
  readonly unreadable: number;
}

/** As the deployment asks that takes its queues away (entry/refuse-removal.ts), and as the doctor does. */
export const isEmpty = ({ instances, messages, unreadable }: Omit<RetiredClass, "resourceClass">): boolean =>
  instances + messages + unreadable === 0;

/** What a person is to do once nothing is left of it. */
export const removalOf = (resourceClass: string, environment: string): string =>
  `class ${resourceClass} is retired and empty: remove it from \`retiredClasses\` in the file of environment "${environment}"`;

/** How many instances of a class are not ended. */
export const instancesOf = (resourceClass: string, records: readonly InstanceRecord[]): number =>
  records.filter((record) => record.resourceClass === resourceClass && record.state !== "terminated").length;

/**
 * Nobody may ask for a retired class, so no message of it leads anywhere: all are dropped, else the queue would be full until the longest idle
 * time is over. Should the class come back while one of its instances idles, refresh sends that one again.
 */
export async function emptyRetired(
  world: ControlWorld,
  defaults: StoredDefaults,
  records: readonly InstanceRecord[],
  dryRun: boolean,
  attempt: Attempt,
): Promise<readonly RetiredClass[]> {
  const looks = retiredClassesOf(merge(defaults, {})).map((resourceClass) =>
    attempt<readonly RetiredClass[]>({ part: "retired class", of: resourceClass }, [], async () => {
      if (!dryRun) await emptyQueue(world, resourceClass);
      const messages = await world.pool.depth(resourceClass);
      const unreadable = await world.pool.depth(resourceClass, "unreadable");
      return [{ resourceClass, instances: instancesOf(resourceClass, records), messages, unreadable }];
    }),
  );
  return (await Promise.all(looks)).flat();
}

/** Until a receive brings nothing; what a receive does not show, the next refresh finds. */
async function emptyQueue({ pool }: ControlWorld, resourceClass: string): Promise<void> {
  for (let times = 0; times < maxima.receivesPerScan; times++) {
    const received = await pool.receive(resourceClass);
    if (received.length === 0) return;
    const readable = received.filter(({ kind }) => kind === "message").map(({ receipt }) => receipt);
    await pool.drop(resourceClass, readable);
    for (const one of received) if (one.kind === "unreadable") await pool.setAside(resourceClass, one);
  }
}
