// The operational part of an environment's defaults: classes, limits, idle floors, and where AMI ids come from.
import { operationalDefaults, type Operational } from "../../domain/configuration.ts";
import { imageParameter } from "../../domain/names.ts";
import type { Architecture } from "../../domain/record.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import type { Environment } from "./environment.ts";

const onlyGiven = (limits: Environment["limits"]): Partial<Operational> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));

export function operationalOf(environment: Environment): Operational {
  const { limits, dockerForJobs, preRunnerScript, labels, runnerVersion, idleFloors, spotMaxPrices } = environment;
  return {
    ...operationalDefaults,
    // Docker makes jobs root, so nothing can clean up after them: one run, then a new machine.
    ...(dockerForJobs ? { maxUses: 1 } : {}),
    ...(limits.maxInstances === undefined ? {} : { maxInstancesPerPartition: limits.maxInstances }),
    ...onlyGiven(limits),
    resourceClasses: environment.resourceClasses ?? defaultResourceClasses,
    preRunnerScript,
    labels,
    runnerVersion,
    idleFloors,
    spotMaxPrices,
  };
}

/** Sizes of instance types by their vCPUs: `2xlarge` has 8 (EC2 User Guide, "Instance type naming conventions"; xlarge has 4). */
const multiples = [2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 24, 32, 48, 56, 64, 96, 112, 128, 192, 224, 384, 448];

/** Patterns of the sizes that no class comes to: its machines have four times its vCPUs at the most (control/pool/ladder.ts), and are never bare metal. */
export function largerSizesOf(environment: Environment): readonly string[] {
  const most = 4 * Math.max(...Object.values(operationalOf(environment).resourceClasses).map(({ cpu }) => cpu));
  return ["*.metal*", ...multiples.filter((by) => by * 4 > most).map((by) => `*.${by}xlarge`)];
}

/** The name of the parameter that holds an architecture's AMI id. */
export function imageParameterOf({ name, images }: Environment, architecture: Architecture): string {
  const image = images[architecture];
  return image !== undefined && "parameter" in image ? image.parameter : imageParameter(name, architecture);
}
