// Resource classes: a name for a minimum of vCPU and memory.

export interface ResourceClass {
  /** Minimum vCPUs. */
  readonly cpu: number;
  /** Minimum memory, MiB. */
  readonly mmem: number;
}
export type ResourceClasses = Readonly<Record<string, ResourceClass>>;

export const defaultResourceClasses: ResourceClasses = {
  large: { cpu: 2, mmem: 4096 },
  xlarge: { cpu: 4, mmem: 8192 },
  "2xlarge": { cpu: 8, mmem: 16384 },
  "4xlarge": { cpu: 16, mmem: 32768 },
  "8xlarge": { cpu: 32, mmem: 65536 },
  "12xlarge": { cpu: 48, mmem: 98304 },
  "16xlarge": { cpu: 64, mmem: 131072 },
};

const className = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** What is wrong with a table of resource classes, one line each; empty where nothing is. */
export function problemsOfClasses(classes: ResourceClasses): readonly string[] {
  const problems: string[] = [];
  if (Object.keys(classes).length === 0) problems.push("no resource class is defined: define at least one");
  for (const [name, { cpu, mmem }] of Object.entries(classes)) {
    if (!className.test(name))
      problems.push(`resource class "${name}": a name is 1-31 of a-z, 0-9 and "-" (it becomes part of a queue's name)`);
    if (name.endsWith("-unreadable"))
      problems.push(
        `resource class "${name}": a name may not end in "-unreadable" (another class's queue is called so)`,
      );
    if (!Number.isInteger(cpu) || cpu < 1 || cpu > 448)
      problems.push(`resource class "${name}": cpu is ${cpu}, not a whole number of vCPUs from 1 to 448`);
    if (!Number.isInteger(mmem) || mmem < 512 || mmem > 25_165_824)
      problems.push(`resource class "${name}": mmem is ${mmem}, not a whole number of MiB from 512 to 25165824`);
  }
  return problems;
}
