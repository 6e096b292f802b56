// The operational part of an environment's defaults: classes, limits, idle floors, and where AMI ids come from.
import { imageParameter } from "../../domain/class-keys.ts";
import { operationalDefaults, type Operational } from "../../domain/configuration.ts";
import type { MachineSettings } from "../../domain/machine-class.ts";
import { architectures, type Architecture } from "../../domain/record.ts";
import type { Environment } from "./environment.ts";

/** The field of an environment's file that a stored one comes from. */
export const fileFieldOf: Readonly<Record<keyof Operational, string>> = {
  resourceClasses: "classes",
  idleMs: "limits.idle",
  maxRuntimeMs: "defaults.maxRuntime",
  bootMs: "limits.boot",
  provisionMs: "limits.provision",
  maxInstances: "limits.maxInstances",
  maxInstancesPerPartition: "limits.maxInstancesPerPartition",
  preRunnerScript: "defaults.preRunner.script",
  labels: "labels",
  usageClass: "defaults.usageClass",
  idleFloors: "idleFloors",
  maxUses: "defaults.maxUses",
  maxAgeMs: "limits.maxAge",
  images: "defaults.image",
};

export function operationalOf({ limits, defaults, classes, labels, idleFloors }: Environment): Operational {
  const usual = operationalDefaults;
  const maxInstances = limits.maxInstances ?? usual.maxInstances;
  return {
    ...usual,
    idleMs: limits.idle ?? usual.idleMs,
    bootMs: limits.boot ?? usual.bootMs,
    provisionMs: limits.provision ?? usual.provisionMs,
    maxAgeMs: limits.maxAge ?? usual.maxAgeMs,
    maxInstances,
    maxInstancesPerPartition: limits.maxInstancesPerPartition ?? maxInstances,
    resourceClasses: Object.fromEntries(Object.entries(classes).map(([name, { cpu, mmem }]) => [name, { cpu, mmem }])),
    maxRuntimeMs: defaults.maxRuntime,
    maxUses: defaults.maxUses,
    preRunnerScript: defaults.preRunner.script,
    usageClass: defaults.usageClass,
    labels,
    idleFloors,
  };
}

/** Sizes of instance types by their vCPUs: `2xlarge` has 8 (EC2 User Guide, "Instance type naming conventions"; xlarge has 4). */
const multiples = [2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 24, 32, 48, 56, 64, 96, 112, 128, 192, 224, 384, 448];

/** Patterns of the sizes that no class comes to: its machines have four times its vCPUs at the most (control/pool/ladder.ts), and are never bare metal. */
export function largerSizesOf({ classes }: Environment): readonly string[] {
  const most = 4 * Math.max(...Object.values(classes).map(({ cpu }) => cpu));
  return ["*.metal*", ...multiples.filter((by) => by * 4 > most).map((by) => `*.${by}xlarge`)];
}

/** An image, by the parameter that its AMI's id is in. */
export interface NamedImage {
  /** The class that has it for itself; undefined: it is for all the others. */
  readonly resourceClass: string | undefined;
  readonly architecture: Architecture;
  readonly parameter: string;
  /** Where it is given there; what is in the parameter else comes from AWS or from the pipeline of images. */
  readonly id: string | undefined;
}

/** The images of the defaults, for what any class is made for, and those that classes have of their own. */
export function imagesOf({ name, defaults, classes, retiredArchitectures }: Environment): readonly NamedImage[] {
  const made = new Set([
    ...retiredArchitectures,
    ...[defaults, ...Object.values(classes)].flatMap((one) => one.architectures),
  ]);
  const named = (
    architecture: Architecture,
    { image: { [architecture]: image } }: MachineSettings,
    resourceClass?: string,
  ): readonly NamedImage[] => {
    if (image === undefined) return [];
    const parameter = "parameter" in image ? image.parameter : imageParameter(name, architecture, resourceClass);
    return [{ resourceClass, architecture, parameter, id: "id" in image ? image.id : undefined }];
  };
  return architectures.flatMap((architecture) => [
    ...(made.has(architecture) ? named(architecture, defaults) : []),
    ...Object.entries(classes).flatMap(([resourceClass, one]) =>
      one.architectures.includes(architecture) && one.ownImages.includes(architecture)
        ? named(architecture, one, resourceClass)
        : [],
    ),
  ]);
}

/** By architecture, of a class's own images, or of those of the defaults. */
export const parametersOf = (
  images: readonly NamedImage[],
  resourceClass?: string,
): Readonly<Partial<Record<Architecture, string>>> =>
  Object.fromEntries(
    images
      .filter((image) => image.resourceClass === resourceClass)
      .map(({ architecture, parameter }) => [architecture, parameter]),
  );
