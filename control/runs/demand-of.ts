// The demand that a run's request makes, in the words of its environment.
import {
  classOf,
  forgeHomeOf,
  labelsOf,
  partitionOf,
  registrationScope,
  type Configuration,
} from "../../domain/configuration.ts";
import type { Demand } from "../../domain/demand.ts";
import { ownerOf } from "../../domain/owner.ts";
import type { Registration } from "../../domain/record.ts";
import type { Request } from "../../domain/request.ts";

/** Where the instances of a partition register, with these labels. */
export const registrationOf = (
  configuration: Configuration,
  partition: string,
  labels: readonly string[],
): Registration => ({
  forge: "github",
  scope: registrationScope(forgeHomeOf(configuration), partition),
  labels,
  kind: "token",
});

/** `now`: the moment at which it is asked for, epoch ms. */
export function demandOf(configuration: Configuration, request: Request, now: number): Demand {
  const { count, minCount = count, resourceClass, minimum, architecture, usageClass, allowedTypes, fallback } = request;
  const { provisionMs } = configuration;
  const partition = partitionOf(configuration, request.repository);
  return {
    owner: ownerOf(request),
    partition,
    count,
    least: minCount,
    resourceClass,
    minimum,
    architecture,
    usageClass,
    allowedTypes,
    fallback,
    // Never beyond a claim's threshold: what was claimed first must not expire while its siblings boot.
    until: now + Math.min(request.timeoutMs ?? provisionMs, provisionMs),
    registration: [registrationOf(configuration, partition, labelsOf(configuration, request))],
    maxRuntimeMs: request.maxRuntimeMs ?? classOf(configuration, request.resourceClass).maxRuntimeMs,
    lifetime: "pooled",
  };
}
