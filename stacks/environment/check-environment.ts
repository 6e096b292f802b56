// Reads an environment file: its shape, then the rules across fields. Every problem names the field's path and the rule.
import { isServed, problemsOf } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { awsPartitionOf, environmentName, registrationTokenParameter } from "../../domain/names.ts";
import { partitionsOf } from "./partitions.ts";
import { operationalOf } from "./operational.ts";
import { oidcIssuer } from "../policies/github-trust.ts";
import { problemsOfTrust } from "./check-trust.ts";
import { environmentShape, type Environment, type Problem } from "./environment.ts";
import { noClass, problemsByClass, problemsOfRetired } from "./check-classes.ts";
import { problemsOfCertificates } from "./check-certificates.ts";
import { problemsOfDisks } from "./check-disks.ts";
import { problemsOfImages } from "./check-images.ts";
import { problemsOfJobs } from "./check-jobs.ts";
import { problemsOfNetwork } from "./check-network.ts";
import { problemsOfPolicies } from "./check-policies.ts";
import { problemsOfSchedules } from "./check-schedules.ts";
import { problemsOfTags } from "./check-tags.ts";
import { EnvironmentRefused } from "./refused.ts";
import { problemsOfShape } from "./shape-words.ts";
import { problemsOfUserData } from "../constructs/user-data.ts";

type Rule = (environment: Environment) => readonly Problem[];

const named: Rule = ({ name, region, awsPartition, kmsKeyArn, given, account, forge, state }) => {
  const problems: Problem[] = [];
  if (!environmentName.test(name))
    problems.push([
      "name",
      `"${name}" must be 1-20 of a-z, 0-9 and "-", from a letter: it is part of every name at AWS`,
    ]);
  // `cdktf deploy 'account-*'` means the account's stack alone.
  if (/^account(-|$)/.test(name))
    problems.push(["name", `"${name}" begins with "account", as the stack does that an account has once`]);
  const home = awsPartitionOf(region);
  if (awsPartition !== home) problems.push(["awsPartition", `is "${awsPartition}", but ${region} is in "${home}"`]);
  const [, keysHome, , keysRegion] = kmsKeyArn?.split(":") ?? [];
  if (kmsKeyArn !== undefined && (keysHome !== home || keysRegion !== region))
    problems.push([
      "kmsKeyArn",
      `is a key of ${keysRegion} in ${keysHome}; disks and queues need one of ${region} in ${home}`,
    ]);
  const stateKeysRegion = state.kind === "s3" ? state.kmsKeyArn?.split(":")[3] : undefined;
  if (state.kind === "s3" && stateKeysRegion !== undefined && stateKeysRegion !== state.region)
    problems.push(["state.kmsKeyArn", `is a key of ${stateKeysRegion}; the bucket's must be of ${state.region}`]);
  const provider = given.oidcProviderArn;
  const issuer = oidcIssuer(forge);
  if (provider !== undefined && provider !== `arn:${awsPartition}:iam::${account}:oidc-provider/${issuer}`)
    problems.push([
      "given.oidcProviderArn",
      `must be account ${account}'s OIDC provider of ${issuer}: roles trust only their own, and only that one's tokens`,
    ]);
  return problems;
};

/** GitHub docs, "Managing access to self-hosted runners using groups": organisations and enterprises have runner groups, repositories none. */
const grouped: Rule = ({ forge: { organisation, enterprise, repositories, runnerGroup }, partitions }) => {
  if (runnerGroup === undefined || organisation !== undefined || enterprise !== undefined) return [];
  const alone = repositories.find((repository) => !Object.values(partitions).flat().includes(repository));
  if (alone === undefined) return [];
  const rule = `"${alone}" has runners of its own, and a repository has no runner groups: give forge.organisation, or put it into partitions`;
  return [["forge.runnerGroup", rule]];
};

const registering: Rule = ({ forge: { organisation, enterprise, repositories } }) => {
  if (organisation === undefined) return [];
  if (enterprise !== undefined)
    return [["forge.enterprise", "is given beside forge.organisation: runners register at one of them"]];
  return repositories.flatMap((repository, at): Problem[] =>
    repository.split("/")[0]?.toLowerCase() === organisation.toLowerCase()
      ? []
      : [
          [
            `forge.repositories[${at}]`,
            `"${repository}" is not of forge.organisation, whose runners serve its own only`,
          ],
        ],
  );
};

const sharing: Rule = (environment) => {
  const problems: Problem[] = [];
  const { forge, partitions, name } = environment;
  const home = new Map<string, string>();
  for (const [group, repositories] of Object.entries(partitions)) {
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(group))
      problems.push([`partitions.${group}`, 'must be named by 1-31 of a-z, 0-9 and "-", from a letter']);
    if (repositories.length === 0) problems.push([`partitions.${group}`, "names no repository"]);
    const owner = repositories[0]?.split("/")[0];
    for (const [at, repository] of repositories.entries()) {
      const path = `partitions.${group}[${at}]`;
      if (!isServed(forge, repository)) problems.push([path, `"${repository}" is not among forge.repositories`]);
      const before = home.get(repository);
      if (before !== undefined)
        problems.push([path, `"${repository}" is in "${before}" already; a repository has one home`]);
      home.set(repository, group);
      if (repository.split("/")[0] !== owner && forge.enterprise === undefined)
        problems.push([path, `is not of "${owner}": a group's runners register at one organisation`]);
    }
  }
  // GitHub does not tell capitals apart.
  if (new Set(forge.repositories.map((one) => one.toLowerCase())).size !== forge.repositories.length)
    problems.push(["forge.repositories", "names a repository twice"]);
  const parameters = new Map<string, string>();
  for (const partition of partitionsOf(environment)) {
    const parameter = registrationTokenParameter(name, partition);
    const other = parameters.get(parameter);
    if (other !== undefined)
      problems.push([
        "forge.repositories",
        `"${partition}" and "${other}" would share the parameter ${parameter}; group them`,
      ]);
    parameters.set(parameter, partition);
  }
  return problems;
};

const sized: Rule = (environment) => {
  const operational = operationalOf(environment);
  const queues = Object.fromEntries(
    Object.keys(operational.resourceClasses).map((name) => [name, { url: "", unreadableUrl: "" }]),
  );
  const problems: Problem[] = problemsOf({ ...operational, queues } as Parameters<typeof problemsOf>[0]).map(
    ({ field, words }) => [field in environment ? field : `limits.${field}`, words],
  );
  if (operational.bootMs >= limits.bootWatchdogMs)
    problems.push([
      "limits.bootMs",
      `is ${operational.bootMs}; the boot watchdog powers off after ${limits.bootWatchdogMs} ms`,
    ]);
  if (operational.maxInstancesPerPartition > operational.maxInstances)
    problems.push(["limits.maxInstancesPerPartition", `is above limits.maxInstances (${operational.maxInstances})`]);
  return problems;
};

const floors: Rule = (environment) => {
  const { resourceClasses, maxInstances } = operationalOf(environment);
  const among = (path: string, wanted: Readonly<Record<string, number>>): Problem[] => {
    const problems: Problem[] = [];
    for (const pool of Object.keys(wanted)) {
      const [name = "", architecture] = pool.split("/");
      if (!Object.hasOwn(resourceClasses, name))
        problems.push([
          `${path}.${pool}`,
          `"${name}" ${noClass(environment, name)}; there are ${Object.keys(resourceClasses).join(", ")}`,
        ]);
      if (!environment.architectures.some((known) => known === architecture))
        problems.push([`${path}.${pool}`, `architectures does not name ${architecture}`]);
    }
    const partitions = partitionsOf(environment).length;
    const sum = partitions * Object.values(wanted).reduce((total, count) => total + count, 0);
    const times = partitions === 1 ? "" : ` in ${partitions} partitions together`;
    if (sum > maxInstances)
      problems.push([path, `asks for ${sum} idle instances${times}; limits.maxInstances is ${maxInstances}`]);
    return problems;
  };
  return [
    ...among("idleFloors", environment.idleFloors),
    ...environment.schedules.flatMap(({ idleFloors }, at) => among(`schedules[${at}].idleFloors`, idleFloors)),
  ];
};

/** AWS Budgets User Guide, "Quotas": email addresses in a notification. */
const mostTold = 10;

const told: Rule = (environment) => {
  const { monthlyBudgetUsd, alarms } = environment;
  const { maxInstances } = operationalOf(environment);
  if (alarms.idleCeiling !== undefined && alarms.idleCeiling >= maxInstances)
    return [["alarms.idleCeiling", `is never passed: limits.maxInstances is ${maxInstances}`]];
  const again = alarms.email.findIndex((one, at) => alarms.email.indexOf(one) !== at);
  if (again !== -1) return [[`alarms.email[${again}]`, `names "${alarms.email[again]}" again`]];
  if (monthlyBudgetUsd === undefined) return [];
  const { length } = alarms.email;
  if (length === 0) return [["monthlyBudgetUsd", "is set, but alarms.email names nobody to tell"]];
  return length > mostTold ? [["alarms.email", `names ${length}; a budget tells ${mostTold} at most`]] : [];
};

const scripted: Rule = ({ preRunnerScript }) => {
  const problems: Problem[] = [];
  if (preRunnerScript.includes("\r"))
    problems.push(["preRunnerScript", "has carriage returns: a shell would take them for text"]);
  if (preRunnerScript.includes("\0")) problems.push(["preRunnerScript", "has a NUL, which no script has"]);
  if (preRunnerScript !== "" && !/^#! ?\/\S/.test(preRunnerScript))
    problems.push(["preRunnerScript", 'must begin with its interpreter, e.g. "#!/bin/bash"']);
  return problems;
};

const rules: readonly Rule[] = [
  named,
  problemsOfImages,
  problemsOfCertificates,
  problemsOfNetwork,
  registering,
  grouped,
  sharing,
  sized,
  floors,
  problemsOfSchedules,
  problemsOfDisks,
  problemsOfRetired,
  problemsByClass,
  told,
  problemsOfTrust,
  problemsOfPolicies,
  scripted,
  problemsOfTags,
  problemsOfJobs,
  problemsOfUserData,
];

/** Beyond it a line of what a slip of the hand has made long is no help. */
const longestSaid = 600;
const said = (source: string, problems: readonly Problem[]): EnvironmentRefused =>
  new EnvironmentRefused(
    problems.map(([path, rule]) => {
      const line = `${source}: ${path}: ${rule}`;
      return line.length <= longestSaid ? line : `${line.slice(0, longestSaid / 2)} … ${line.slice(-longestSaid / 2)}`;
    }),
  );

/** An environment with its defaults filled in. Throws `EnvironmentRefused` with every problem found. */
export function readEnvironment(file: unknown, source: string): Environment {
  const parsed = environmentShape.safeParse(file);
  if (!parsed.success) throw said(source, problemsOfShape(parsed.error));
  const problems = rules.flatMap((rule) => rule(parsed.data));
  if (problems.length > 0) throw said(source, problems);
  return parsed.data;
}

/** GitHub's OIDC provider is one an account and issuer: either the account's stack makes it, or it is there already. */
function problemsOfProviders(environments: readonly Environment[]): readonly string[] {
  const byIssuer = Map.groupBy(environments, ({ account, forge }) => `${account} ${oidcIssuer(forge)}`);
  return [...byIssuer.values()].flatMap(([first, ...others]) =>
    others
      .filter(({ given }) => given.oidcProviderArn !== first?.given.oidcProviderArn)
      .map(
        ({ name, account }) =>
          `${name}: given.oidcProviderArn: must be as in "${first?.name}": account ${account} has one provider of this issuer, given or made`,
      ),
  );
}

/** Several environments together: their names become beginnings of names at AWS and GitHub. `sources`: their files. */
export function checkTogether(environments: readonly Environment[], sources: readonly string[] = []): void {
  const problems = [...problemsOfProviders(environments)];
  for (const [at, { name, account }] of environments.entries()) {
    for (const [other, { name: longer, account: home }] of environments.entries()) {
      if (other > at && longer === name)
        problems.push(
          `${name}: name: two files describe an environment of this name: ${[sources[at], sources[other]].join(" and ")}`,
        );
      // "dev" with class "x-large" and "dev-x" with class "large" would share a queue; policies end in "dev-*".
      if (longer.startsWith(`${name}-`) && home === account)
        problems.push(`${longer}: name: begins with "${name}-", and account ${account} has an environment "${name}"`);
    }
  }
  if (problems.length > 0) throw new EnvironmentRefused([...new Set(problems)]);
}
