// The rules of classes that were taken out, and of what is given by class.
import { problemsOfClasses } from "../domain/resource-class.ts";
import type { Environment, Problem } from "./environment.ts";
import { operationalOf } from "./operational.ts";

/** Why a name is no class that may be asked for. */
export const noClass = ({ retiredClasses }: Environment, name: string): string =>
  retiredClasses.includes(name) ? "is retired" : "is no class";

export function problemsOfRetired(environment: Environment): readonly Problem[] {
  const { resourceClasses } = operationalOf(environment);
  const problems: Problem[] = [];
  for (const [at, name] of environment.retiredClasses.entries()) {
    const path = `retiredClasses[${at}]`;
    if (environment.retiredClasses.indexOf(name) !== at) problems.push([path, `names "${name}" again`]);
    if (Object.hasOwn(resourceClasses, name)) problems.push([path, `"${name}" is still among resourceClasses`]);
    for (const problem of problemsOfClasses({ [name]: { cpu: 1, mmem: 512 } })) problems.push([path, problem]);
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
