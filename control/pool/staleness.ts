// Why an instance is not handed on any more: too old, used too often, of a retired class, or made from what is no longer deployed. Pure.
import { machineName } from "../../domain/class-keys.ts";
import { classOf, templateOf, type Configuration } from "../../domain/configuration.ts";
import { maxima } from "../../domain/limits.ts";
import type { Stale } from "../../domain/reasons.ts";
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
    | "vitals"
  >,
  configuration: Configuration,
  now: number,
  image?: string,
): Stale | undefined {
  const { maxAgeMs } = configuration;
  const { maxUses, configHash, images } = classOf(configuration, record.resourceClass);
  if (maxUses > 0 && record.uses >= maxUses) return { code: "used-up", uses: record.uses, most: maxUses };
  if (now - record.launchedAt > maxAgeMs) return { code: "aged", mostMs: maxAgeMs };
  if (!Object.hasOwn(configuration.resourceClasses, record.resourceClass))
    return { code: "class-retired", resourceClass: record.resourceClass };
  if (record.configHash !== configHash) return { code: "configuration-replaced" };
  const template = templateOf(configuration, record);
  if (template === undefined) return { code: "not-deployed", machine: machineName(record) };
  if (template.version !== record.templateVersion)
    return { code: "template-replaced", version: record.templateVersion, wanted: template.version };
  const wanted = images[record.architecture] ?? image;
  if (wanted !== undefined && wanted !== record.imageId)
    return { code: "image-replaced", imageId: record.imageId, wanted };
  const free = record.vitals?.diskFree;
  if (free !== undefined && free < maxima.leastDiskFree) return { code: "disk-full", free };
  return undefined;
}
