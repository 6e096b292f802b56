// The rules of what was taken out and is kept for a while, and of what is given by class.
import { problemsOfClasses } from "../../domain/resource-class.ts";
import type { Environment, Problem } from "./environment.ts";
import { operationalOf } from "./operational.ts";
import { partitionsOf } from "./partitions.ts";

/** Why a name is no class that may be asked for. */
export const noClass = ({ retiredClasses }: Environment, name: string): string =>
  retiredClasses.includes(name) ? "is retired" : "is no class";

/** As a partition is named in records: a named group, or `github:OWNER/REPOSITORY`, or `github:OWNER` of one that is served as a whole. */
const partitionName = /^([a-z][a-z0-9-]{0,30}|github:[\w.-]{1,100}(\/[\w.-]{1,100})?)$/;

export function problemsOfRetired(environment: Environment): readonly Problem[] {
  const { resourceClasses } = operationalOf(environment);
  const problems: Problem[] = [];
  for (const [at, name] of environment.retiredClasses.entries()) {
    const path = `retiredClasses[${at}]`;
    if (environment.retiredClasses.indexOf(name) !== at) problems.push([path, `names "${name}" again`]);
    if (Object.hasOwn(resourceClasses, name)) problems.push([path, `"${name}" is still among resourceClasses`]);
    for (const problem of problemsOfClasses({ [name]: { cpu: 1, mmem: 512 } })) problems.push([path, problem]);
  }
  for (const [at, name] of environment.retiredArchitectures.entries()) {
    const path = `retiredArchitectures[${at}]`;
    if (environment.retiredArchitectures.indexOf(name) !== at) problems.push([path, `names "${name}" again`]);
    if (environment.architectures.includes(name)) problems.push([path, `"${name}" is still among architectures`]);
  }
  const inUse = partitionsOf(environment);
  for (const name of Object.keys(environment.retiredPartitions)) {
    const path = `retiredPartitions.${name}`;
    if (!partitionName.test(name))
      problems.push([
        path,
        'must be a partition as deployed: a group\'s name, "github:OWNER/REPOSITORY" or "github:OWNER"',
      ]);
    if (inUse.includes(name)) problems.push([path, "is still in use: a repository is in it"]);
  }
  return problems;
}

/** What is given by class is given for classes that there are. */
export function problemsByClass(environment: Environment): readonly Problem[] {
  const { resourceClasses } = operationalOf(environment);
  const given = { "disk.sizeGiBByClass": environment.disk.sizeGiBByClass, spotMaxPrices: environment.spotMaxPrices };
  return Object.entries(given).flatMap(([path, values]) =>
    Object.keys(values).flatMap((name): Problem[] =>
      !Object.hasOwn(resourceClasses, name)
        ? [[`${path}.${name}`, `${noClass(environment, name)}; there are ${Object.keys(resourceClasses).join(", ")}`]]
        : [],
    ),
  );
}
