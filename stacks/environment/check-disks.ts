// The rules of disks: what EBS refuses of a gp3 volume, which a launch would find only when it is made.
import type { Environment, Problem } from "./environment.ts";

/** Amazon EBS User Guide, "General Purpose SSD volumes": 500 IOPS a GiB, beyond the 3,000 that any size has; 0.25 MiB/s for each IOPS. */
const [iopsPerGiB, iopsAtLeast, mibPerIops] = [500, 3000, 0.25];

export function problemsOfDisks({ disk }: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  const sizes = [
    ["disk.sizeGiB", disk.sizeGiB] as const,
    ...Object.entries(disk.sizeGiBByClass).map(([name, size]) => [`disk.sizeGiBByClass.${name}`, size] as const),
  ];
  for (const [path, size] of sizes)
    if (disk.iops > Math.max(iopsAtLeast, size * iopsPerGiB))
      problems.push([path, `is ${size}; disk.iops of ${disk.iops} needs ${Math.ceil(disk.iops / iopsPerGiB)} GiB`]);
  if (disk.throughputMiB > disk.iops * mibPerIops)
    problems.push([
      "disk.throughputMiB",
      `is ${disk.throughputMiB}; it needs disk.iops of ${Math.ceil(disk.throughputMiB / mibPerIops)}, which is ${disk.iops}`,
    ]);
  return problems;
}
