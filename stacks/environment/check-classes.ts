// Rules for machine classes: names, sizes, systems, runtimes and scripts, and retired classes, architectures and partitions.
import { runtimeRule, scriptRule } from "../../domain/configuration.ts";
import { operatingSystems, type MachineSettings } from "../../domain/machine-class.ts";
import { suggestion } from "../../domain/nearest.ts";
import { defaultResourceClasses, problemsOfClasses } from "../../domain/resource-class.ts";
import type { Environment, Problem } from "./environment.ts";
import { partitionsOf } from "./partitions.ts";

/** Why a class cannot be requested, and which can. */
export function noClass({ classes, retiredClasses }: Environment, name: string): string {
  const names = Object.keys(classes);
  const why = retiredClasses.includes(name) ? "is retired" : "is not a class";
  return `${why}; classes are ${names.join(", ")}${suggestion(name, names)}`;
}

/**
 * The defaults, and the classes in which one of these fields differs, each with its path in the file: so a problem of the defaults is not
 * reported again for every class.
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
  if (Object.keys(classes).length === 0)
    return [["classes", "is empty: define at least one class, or leave the field out"]];
  return Object.entries(classes).flatMap(([name, { cpu, mmem }]): readonly Problem[] => {
    const missing = Object.entries({ cpu, mmem }).filter(([, value]) => Number.isNaN(value));
    if (missing.length === 0)
      return problemsOfClasses({ [name]: { cpu, mmem } }).map((rule) => [`classes.${name}`, rule]);
    const built = Object.keys(defaultResourceClasses).join(", ");
    return missing.map(([field]) => [`classes.${name}.${field}`, `is required: only ${built} have a built-in size`]);
  });
}

/** The schema and the keys know these systems already; no agent runs on them yet. */
export const problemsOfSystems = (environment: Environment): readonly Problem[] =>
  withOwn(environment, "operatingSystem").flatMap(([path, { operatingSystem }]): Problem[] =>
    operatingSystems[operatingSystem].family === "windows"
      ? [[`${path}.operatingSystem`, `is ${operatingSystem}, which is not supported yet: no agent runs on Windows`]]
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
    if (script.includes("\r")) problems.push([path, "contains carriage returns, which a shell treats as text"]);
    if (script.includes("\0")) problems.push([path, "contains a NUL byte"]);
    if (script !== "" && !/^#! ?\/\S/.test(script))
      problems.push([path, 'must begin with its interpreter, e.g. "#!/bin/bash"']);
  }
  if (problems.length === 0 && bytes > mostScriptBytes)
    problems.push(["classes", `have pre-runner scripts of ${bytes} bytes in total; the maximum is ${mostScriptBytes}`]);
  return problems;
}

/** A partition's name in records: a named group, or `github:OWNER/REPOSITORY`, or `github:OWNER` of one that is served as a whole. */
const partitionName = /^([a-z][a-z0-9-]{0,30}|github:[\w.-]{1,100}(\/[\w.-]{1,100})?)$/;

export function problemsOfRetiredClasses({ classes, retiredClasses }: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [at, name] of retiredClasses.entries()) {
    const path = `retiredClasses[${at}]`;
    if (retiredClasses.indexOf(name) !== at) problems.push([path, `lists "${name}" twice`]);
    if (Object.hasOwn(classes, name)) problems.push([path, `"${name}" is still defined in classes`]);
    for (const problem of problemsOfClasses({ [name]: { cpu: 1, mmem: 512 } })) problems.push([path, problem]);
  }
  return problems;
}

export function problemsOfRetiredArchitectures({ classes, retiredArchitectures }: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [at, name] of retiredArchitectures.entries()) {
    const path = `retiredArchitectures[${at}]`;
    if (retiredArchitectures.indexOf(name) !== at) problems.push([path, `lists "${name}" twice`]);
    if (Object.values(classes).every(({ architectures }) => architectures.includes(name)))
      problems.push([path, `"${name}" is still an architecture of every class`]);
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
