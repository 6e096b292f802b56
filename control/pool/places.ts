// Places below the maxima: what each launch reserves, and how many are left.
import type { Scope } from "../../cloud/ports/settings.ts";
import type { Reason } from "../../domain/reasons.ts";
import { environmentCounter, partitionCounter } from "../../domain/names.ts";
import type { DemandContext } from "./demand-context.ts";

type Place = Pick<DemandContext, "configuration" | "demand">;

export const scopesOf = ({ configuration, demand }: Place): readonly Scope[] => [
  { name: environmentCounter, maximum: configuration.maxInstances },
  { name: partitionCounter(demand.partition), maximum: configuration.maxInstancesPerPartition },
];

export const fullAt = (place: Place, scope: string): Extract<Reason, { code: "full" }> => ({
  code: "full",
  scope,
  maximum: scopesOf(place).find(({ name }) => name === scope)?.maximum,
});

export interface Room {
  /** The one with the fewest places left. */
  readonly scope: string;
  /** Below zero where a maximum was lowered. */
  readonly places: number;
}

/** `spoken`: places by scope that are to be left to others. Rejects with `OutOfReach`. */
export async function roomOf(
  { world, ...place }: Place & Pick<DemandContext, "world">,
  spoken: ReadonlyMap<string, number> = new Map(),
): Promise<Room> {
  const rooms = await Promise.all(
    scopesOf(place).map(async ({ name, maximum }): Promise<Room> => {
      const used = (await world.settings.counter(name))?.count ?? 0;
      return { scope: name, places: maximum - used - (spoken.get(name) ?? 0) };
    }),
  );
  return rooms.reduce((least, one) => (one.places < least.places ? one : least));
}

/** How many of those that are short are worth having where there is no room for all. */
export const leastOf = ({ demand }: Pick<DemandContext, "demand">, short: number): number =>
  Math.max(1, short - (demand.count - demand.least));

/** How many of the short ones there is room for, `least` at the fewest. Undefined for all: others have freed some since, and the next look finds them. */
export async function fewerThan(context: DemandContext, short: number, least: number): Promise<number | undefined> {
  if (short <= least) return undefined;
  const { places } = await roomOf(context);
  return places >= least && places < short ? places : undefined;
}
