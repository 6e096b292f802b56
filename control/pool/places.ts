// Places below the maxima: what each launch reserves, and how many are left.
import type { Scope } from "../../cloud/ports/settings.ts";
import { environmentCounter, partitionCounter } from "../../domain/names.ts";
import type { Undertaking } from "./taken.ts";

export const scopesOf = ({
  configuration,
  partition,
}: Pick<Undertaking, "configuration" | "partition">): readonly Scope[] => [
  { name: environmentCounter, maximum: configuration.maxInstances },
  { name: partitionCounter(partition), maximum: configuration.maxInstancesPerPartition },
];

export interface Room {
  /** The one with the fewest places left. */
  readonly scope: string;
  /** Below zero where a maximum was lowered. */
  readonly places: number;
}

/** `spoken`: places by scope that are to be left to others. Rejects with `OutOfReach`. */
export async function roomOf(
  undertaking: Pick<Undertaking, "world" | "configuration" | "partition">,
  spoken: ReadonlyMap<string, number> = new Map(),
): Promise<Room> {
  const rooms = await Promise.all(
    scopesOf(undertaking).map(async ({ name, maximum }): Promise<Room> => {
      const used = (await undertaking.world.settings.counter(name))?.count ?? 0;
      return { scope: name, places: maximum - used - (spoken.get(name) ?? 0) };
    }),
  );
  return rooms.reduce((least, one) => (one.places < least.places ? one : least));
}

/** How many of those that are short are worth having where there is no room for all: any for a floor, else what will do. */
export const leastOf = ({ owner, request }: Undertaking, short: number): number =>
  owner === undefined ? 1 : Math.max(1, short - (request.count - (request.minCount ?? request.count)));

/** How many of the short ones there is room for, `least` at the fewest. Undefined for all: others have freed some since, and the next look finds them. */
export async function fewerThan(undertaking: Undertaking, short: number, least: number): Promise<number | undefined> {
  if (short <= least) return undefined;
  const { places } = await roomOf(undertaking);
  return places >= least && places < short ? places : undefined;
}
