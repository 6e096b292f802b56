// The rules of machine classes: their names, sizes, systems, runtimes and scripts, and what was taken out and is kept for a while.
import { runtimeRule, scriptRule } from "../../domain/configuration.ts";
import { operatingSystems, type MachineSettings } from "../../domain/machine-class.ts";
import { suggestion } from "../../domain/nearest.ts";
import { defaultResourceClasses, problemsOfClasses } from "../../domain/resource-class.ts";
import type { Environment, Problem } from "./environment.ts";
import { partitionsOf } from "./partitions.ts";

/** Why a name is no class that may be asked for, and which there are. */
export function noClass({ classes, retiredClasses }: Environment, name: string): string {
  const names = Object.keys(classes);
  const why = retiredClasses.includes(name) ? "is retired" : "is no class";
  return `${why}; there are ${names.join(", ")}${suggestion(name, names)}`;
}

/**
 * The defaults, and the classes in which one of these fields is otherwise, each with its path in the file: what is wrong in the defaults is
 * then not said again of every class.
 */
export const withOwn = (
  { defaults, classes }: Environment,
  ...fields: readonly (keyof MachineSettings)[]
): readonly (readonly [path: string, settings: MachineSettings])[] => {
  const said = (one: MachineSettings): string => JSON.stringify(fields.map((field) => one[field]));
  return [
    ["defaults", defaults],
    ...Object.entries(classes).flatMap(([name, one]) =>
      said(one) === said(defaults) ? [] : [[`classes.${name}`, one] as const],
    ),
  ];
};

export function problemsOfSizes({ classes }: Environment): readonly Problem[] {
  if (Object.keys(classes).length === 0) return [["classes", "names none: define at least one, or leave it out"]];
  return Object.entries(classes).flatMap(([name, { cpu, mmem }]): readonly Problem[] => {
    const missing = Object.entries({ cpu, mmem }).filter(([, value]) => Number.isNaN(value));
    if (missing.length === 0)
      return problemsOfClasses({ [name]: { cpu, mmem } }).map((rule) => [`classes.${name}`, rule]);
    const built = Object.keys(defaultResourceClasses).join(", ");
    return missing.map(([field]) => [
      `classes.${name}.${field}`,
      `is missing: a number (only ${built} have a size of their own)`,
    ]);
  });
}

/** What the schema knows, and the keys tell apart, and nothing can boot yet. */
export const problemsOfSystems = (environment: Environment): readonly Problem[] =>
  withOwn(environment, "operatingSystem").flatMap(([path, { operatingSystem }]): Problem[] =>
    operatingSystems[operatingSystem].family === "windows"
      ? [
          [
            `${path}.operatingSystem`,
            `is ${operatingSystem}: runpool cannot make Windows machines yet, since its agent does not run there; leave it out until a release says that it does`,
          ],
        ]
      : [],
  );

export const problemsOfRuntimes = (environment: Environment): readonly Problem[] =>
  withOwn(environment, "maxRuntime").flatMap(([path, { maxRuntime }]): Problem[] => {
    const rule = runtimeRule(maxRuntime);
    return rule === undefined ? [] : [[`${path}.maxRuntime`, rule]];
  });

/** An item of DynamoDB has 400 KB, and beside the scripts lies what else is deployed. */
const mostScriptBytes = 320 * 1024;

export function problemsOfScripts(environment: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  let bytes = 0;
  for (const [place, { preRunner }] of withOwn(environment, "preRunner")) {
    const { script } = preRunner;
    const path = `${place}.preRunner.script`;
    bytes += new TextEncoder().encode(script).length;
    const rule = scriptRule(script);
    if (rule !== undefined) problems.push([path, rule]);
    if (script.includes("\r")) problems.push([path, "has carriage returns: a shell would take them for text"]);
    if (script.includes("\0")) problems.push([path, "has a NUL, which no script has"]);
    if (script !== "" && !/^#! ?\/\S/.test(script))
      problems.push([path, 'must begin with its interpreter, e.g. "#!/bin/bash"']);
  }
  if (problems.length === 0 && bytes > mostScriptBytes)
    problems.push(["classes", `have pre-runner scripts of ${bytes} bytes together; they may have ${mostScriptBytes}`]);
  return problems;
}

/** As a partition is named in records: a named group, or `github:OWNER/REPOSITORY`, or `github:OWNER` of one that is served as a whole. */
const partitionName = /^([a-z][a-z0-9-]{0,30}|github:[\w.-]{1,100}(\/[\w.-]{1,100})?)$/;

export function problemsOfRetiredClasses({ classes, retiredClasses }: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [at, name] of retiredClasses.entries()) {
    const path = `retiredClasses[${at}]`;
    if (retiredClasses.indexOf(name) !== at) problems.push([path, `names "${name}" again`]);
    if (Object.hasOwn(classes, name)) problems.push([path, `"${name}" is still among classes`]);
    for (const problem of problemsOfClasses({ [name]: { cpu: 1, mmem: 512 } })) problems.push([path, problem]);
  }
  return problems;
}

export function problemsOfRetiredArchitectures({ classes, retiredArchitectures }: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [at, name] of retiredArchitectures.entries()) {
    const path = `retiredArchitectures[${at}]`;
    if (retiredArchitectures.indexOf(name) !== at) problems.push([path, `names "${name}" again`]);
    if (Object.values(classes).every(({ architectures }) => architectures.includes(name)))
      problems.push([path, `"${name}" is still among the architectures of every class`]);
  }
  return problems;
}

export function problemsOfRetiredPartitions(environment: Environment): readonly Problem[] {
  const problems: Problem[] = [];
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
