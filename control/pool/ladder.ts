// The ladder of creation: what is asked of EC2 when the rung before had no capacity.
import type { LaunchRequest } from "../../cloud/ports/fleet.ts";
import type { Demand } from "../../domain/demand.ts";
import type { RungName } from "../../domain/reasons.ts";

export interface Rung {
  readonly name: RungName;
  readonly ask: Pick<LaunchRequest, "usageClass" | "maximumCpu" | "allowedTypes">;
}

/**
 * From what was asked to what will do. Without named types attribute-based requests span all families and both makers already; types
 * that the user named are left only where `fallback` allows it: first for their siblings of the other maker, at last for on-demand.
 */
export function ladderOf(
  demand: Pick<Demand, "usageClass" | "allowedTypes" | "minimum" | "fallback">,
): readonly Rung[] {
  const { usageClass, allowedTypes, minimum, fallback } = demand;
  const asked: Rung["ask"] = { usageClass, allowedTypes, maximumCpu: minimum.cpu * 2 };
  const wider: Rung["ask"] = fallback ? { ...asked, allowedTypes: withSiblings(allowedTypes) } : asked;
  const rungs: Rung[] = [{ name: "as-asked", ask: asked }];
  if (wider.allowedTypes.length > allowedTypes.length) rungs.push({ name: "siblings", ask: wider });
  rungs.push({ name: "one-size-up", ask: { ...wider, maximumCpu: minimum.cpu * 4 } });
  if (usageClass === "spot" && fallback)
    rungs.push({ name: "on-demand", ask: { ...wider, usageClass: "on-demand", maximumCpu: minimum.cpu * 4 } });
  return rungs;
}

/** `c6i.*` and `c6a.*`, `m5.large` and `m5a.large`: same generation and size, the other maker. Arm types and bare wildcards have none. */
export function withSiblings(patterns: readonly string[]): readonly string[] {
  const siblings = patterns.flatMap((pattern) => {
    const [, family = "", generation = "", maker = "", rest = ""] = /^([cmr])(\d)(i|a|)(d?n?\..*)$/.exec(pattern) ?? [];
    if (family === "") return [];
    const other = maker === "a" ? (Number(generation) >= 6 ? "i" : "") : "a";
    return [`${family}${generation}${other}${rest}`];
  });
  return [...new Set([...patterns, ...siblings])];
}
