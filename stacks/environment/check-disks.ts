// Rules for disks: what EBS would refuse of a gp3 volume, at the launch of an instance.
import { withOwn } from "./check-classes.ts";
import type { Environment, Problem } from "./environment.ts";

/** Amazon EBS User Guide, "General Purpose SSD volumes": 500 IOPS a GiB, beyond the 3,000 that any size has; 0.25 MiB/s for each IOPS. */
const [iopsPerGiB, iopsAtLeast, mibPerIops] = [500, 3000, 0.25];

export const problemsOfDisks = (environment: Environment): readonly Problem[] =>
  withOwn(environment, "disk").flatMap(([path, { disk }]) => {
    const { sizeGiB, iops, throughputMiB } = disk;
    const problems: Problem[] = [];
    if (iops > Math.max(iopsAtLeast, sizeGiB * iopsPerGiB))
      problems.push([
        `${path}.disk.sizeGiB`,
        `is ${sizeGiB}; ${path}.disk.iops of ${iops} needs ${Math.ceil(iops / iopsPerGiB)} GiB`,
      ]);
    if (throughputMiB > iops * mibPerIops)
      problems.push([
        `${path}.disk.throughputMiB`,
        `is ${throughputMiB}; it needs ${path}.disk.iops of ${Math.ceil(throughputMiB / mibPerIops)}, which is ${iops}`,
      ]);
    return problems;
  });
