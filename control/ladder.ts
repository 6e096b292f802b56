// The ladder of creation: what is asked of EC2 when the rung before had no capacity.
import type { LaunchRequest } from "../cloud/ports.ts";
import type { Request } from "../domain/request.ts";

export interface Rung {
  /** For people: `as asked`, `one size up`, `on-demand`. */
  readonly name: string;
  readonly ask: Pick<LaunchRequest, "usageClass" | "maximumCpu" | "allowedTypes">;
}

/**
 * From what was asked to what will do. Types that the user allowed are never left: attribute-based requests already span all other
 * families and the AMD and Intel siblings where no type was named.
 */
export function ladderOf(request: Request): readonly Rung[] {
  const { usageClass, allowedTypes, minimum, fallback } = request;
  const asked: Rung["ask"] = { usageClass, allowedTypes, maximumCpu: minimum.cpu * 2 };
  const rungs: Rung[] = [
    { name: "as asked", ask: asked },
    { name: "one size up", ask: { ...asked, maximumCpu: minimum.cpu * 4 } },
  ];
  if (usageClass === "spot" && fallback)
    rungs.push({ name: "on-demand", ask: { ...asked, usageClass: "on-demand", maximumCpu: minimum.cpu * 4 } });
  return rungs;
}
