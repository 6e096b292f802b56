// Which instance types satisfy InstanceRequirements: pure, shared by CreateFleet over HTTP and by the in-process simulator.
import type { Architecture, InstanceType } from "./catalogue.ts";

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** EC2's InstanceRequirements, as far as the catalogue can tell types apart (EC2 API Reference, InstanceRequirementsRequest). */
export interface Requirements {
  readonly vcpu: Range;
  readonly mib: Range;
  /** Wildcards as in `c5*.*`, `r6i.large`; absent or empty: every type. */
  readonly allowedTypes?: readonly string[];
  readonly excludedTypes?: readonly string[];
  /** Default `excluded`. */
  readonly burstable?: "included" | "excluded" | "required";
  /** Default `excluded`. */
  readonly bareMetal?: "included" | "excluded" | "required";
}

/** Price protection, in percent; a value of 999999 means none. */
export interface PriceProtection {
  /** Default 20. */
  readonly onDemandOverLowest?: number;
  /** Default 100; EC2's own default is an unpublished "optimal" one. */
  readonly spotOverLowest?: number;
}

const within = (value: number, range: Range | undefined): boolean =>
  value >= (range?.min ?? 0) && value <= (range?.max ?? Number.POSITIVE_INFINITY);

/** `*` stands for any number of characters; everything else for itself. */
export const wildcard = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(name);

const allows = (choice: "included" | "excluded" | "required" | undefined, has: boolean): boolean =>
  has ? (choice ?? "excluded") !== "excluded" : choice !== "required";

/** The types that satisfy all requirements, in the catalogue's order. Price protection is `withinPrice`. */
export function matchingTypes(
  catalogue: readonly InstanceType[],
  need: Requirements,
  architecture: Architecture,
): InstanceType[] {
  const allowed = need.allowedTypes ?? [];
  const excluded = need.excludedTypes ?? [];
  return catalogue.filter(
    (type) =>
      type.architecture === architecture &&
      within(type.vcpu, need.vcpu) &&
      within(type.mib, need.mib) &&
      (allowed.length === 0 || allowed.some((pattern) => wildcard(pattern, type.name))) &&
      !excluded.some((pattern) => wildcard(pattern, type.name)) &&
      allows(need.burstable, type.burstable) &&
      allows(need.bareMetal, type.bareMetal),
  );
}

/**
 * The type whose price the protection is measured from: the cheapest current C, M or R type, else the cheapest current
 * one, else the cheapest (EC2 API Reference, OnDemandMaxPricePercentageOverLowestPrice).
 */
function reference(types: readonly InstanceType[]): InstanceType | undefined {
  const current = types.filter((type) => type.generation === "current");
  const common = current.filter((type) => /^[cmr]/.test(type.family));
  const from = [common, current, types].find((list) => list.length > 0) ?? [];
  return from.toSorted((a, b) => a.usdPerHour - b.usdPerHour)[0];
}

/** Of matching types, those that price protection leaves for the market. `spotPrice` is a type's price in some zone. */
export function withinPrice(
  types: readonly InstanceType[],
  protection: PriceProtection,
  market: "spot" | "on-demand",
  spotPrice: (type: InstanceType) => number,
): InstanceType[] {
  const lowest = reference(types);
  if (lowest === undefined) return [];
  if (market === "on-demand") {
    const limit = lowest.usdPerHour * (1 + (protection.onDemandOverLowest ?? 20) / 100);
    return types.filter((type) => type.usdPerHour <= limit);
  }
  const limit = spotPrice(lowest) * (1 + (protection.spotOverLowest ?? 100) / 100);
  return types.filter((type) => spotPrice(type) <= limit);
}
