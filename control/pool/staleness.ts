// Why an instance is not handed on any more: too old, used too often, of a retired class, or made from what is no longer deployed. Pure.
import { machineName } from "../../domain/class-keys.ts";
import { classOf, templateOf, type Configuration } from "../../domain/configuration.ts";
import { maxima } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";

/** Undefined where it may be handed on. `image` = the image that new instances get, where the caller knows it. */
export function staleness(
  record: Pick<
    InstanceRecord,
    | "uses"
    | "partition"
    | "launchedAt"
    | "configHash"
    | "templateVersion"
    | "imageId"
    | "resourceClass"
    | "architecture"
  > &
    Pick<InstanceRecord, "vitals">,
  configuration: Configuration,
  now: number,
  image?: string,
): string | undefined {
  const { maxAgeMs } = configuration;
  const { maxUses, configHash, images } = classOf(configuration, record.resourceClass);
  if (maxUses > 0 && record.uses >= maxUses) return `used ${record.uses} times of at most ${maxUses}`;
  if (now - record.launchedAt > maxAgeMs) return `older than ${Math.round(maxAgeMs / 60_000)} min`;
  if (!Object.hasOwn(configuration.resourceClasses, record.resourceClass))
    return `class ${record.resourceClass} is retired`;
  if (record.configHash !== configHash) return "its configuration is no longer the deployed one";
  const template = templateOf(configuration, record);
  if (template === undefined) return `${machineName(record)} is no longer deployed`;
  if (template.version !== record.templateVersion)
    return `launch template version ${record.templateVersion}, not ${template.version}`;
  const wanted = images[record.architecture] ?? image;
  if (wanted !== undefined && wanted !== record.imageId) return `image ${record.imageId}, not ${wanted}`;
  const free = record.vitals?.diskFree;
  if (free !== undefined && free < maxima.leastDiskFree) return `${Math.round(free * 100)} % of its disk is free`;
  return undefined;
}
