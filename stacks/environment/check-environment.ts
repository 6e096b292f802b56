// Reads an environment file: its shape, then the rules across fields. Every problem names the field's path and the rule.
import { formatDuration } from "../../domain/duration.ts";
import { isServed, operationalDefaults, problemsOf } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { environmentName, registrationTokenParameter } from "../../domain/names.ts";
import { partitionsOf } from "./partitions.ts";
import { fileFieldOf, operationalOf } from "./operational.ts";
import { oidcIssuer } from "../policies/github-trust.ts";
import { problemsOfTrust } from "./check-trust.ts";
import {
  type AlarmChannel,
  alarmChannels,
  environmentOf,
  environmentShape,
  type Environment,
  type Problem,
} from "./environment.ts";
import {
  noClass,
  problemsOfRetiredArchitectures,
  problemsOfRetiredClasses,
  problemsOfRetiredPartitions,
  problemsOfRuntimes,
  problemsOfScripts,
  problemsOfSizes,
  problemsOfSystems,
} from "./check-classes.ts";
import { problemsOfCertificates } from "./check-certificates.ts";
import { problemsOfDisks } from "./check-disks.ts";
import { problemsOfImages } from "./check-images.ts";
import { problemsOfJobs } from "./check-jobs.ts";
import { problemsOfNetwork } from "./check-network.ts";
import { problemsOfPolicies } from "./check-policies.ts";
import { problemsOfSchedules } from "./check-schedules.ts";
import { problemsOfTags } from "./check-tags.ts";
import { EnvironmentRefused } from "./refused.ts";
import { isSchema1, translated } from "./schema-1.ts";
import { problemsOfShape } from "./shape-words.ts";
import { judgedBeside } from "./unread-fields.ts";
import { problemsOfUserData } from "../constructs/user-data.ts";

type Rule = (environment: Environment) => readonly Problem[];

const named: Rule = ({ name }) => {
  const problems: Problem[] = [];
  if (!environmentName.test(name))
    problems.push([
      "name",
      `"${name}" must be 1-20 of a-z, 0-9 and "-", starting with a letter: it is part of every name at AWS`,
    ]);
  // `cdktf deploy 'account-*'` means the account's stack alone.
  if (/^account(-|$)/.test(name))
    problems.push(["name", `"${name}" must not begin with "account", as the account's own stack does`]);
  return problems;
};

const keys: Rule = ({ region, awsPartition, kmsKeyArn, state }) => {
  const problems: Problem[] = [];
  const [, keysHome, , keysRegion] = kmsKeyArn?.split(":") ?? [];
  if (kmsKeyArn !== undefined && (keysHome !== awsPartition || keysRegion !== region))
    problems.push([
      "kmsKeyArn",
      `is a key of ${keysRegion} in ${keysHome}; disks and queues need one of ${region} in ${awsPartition}`,
    ]);
  const stateKeysRegion = state.kind === "s3" ? state.kmsKeyArn?.split(":")[3] : undefined;
  if (state.kind === "s3" && stateKeysRegion !== undefined && stateKeysRegion !== state.region)
    problems.push(["state.kmsKeyArn", `is a key of ${stateKeysRegion}; the bucket's must be of ${state.region}`]);
  return problems;
};

const provided: Rule = ({ given, account, awsPartition, forge }) => {
  const provider = given.oidcProviderArn;
  const issuer = oidcIssuer(forge);
  if (provider === undefined || provider === `arn:${awsPartition}:iam::${account}:oidc-provider/${issuer}`) return [];
  return [
    ["given.oidcProviderArn", `must be account ${account}'s OIDC provider of ${issuer}: roles trust only that one`],
  ];
};

/** GitHub docs, "Managing access to self-hosted runners using groups": organisations and enterprises have runner groups, repositories do not. */
const grouped: Rule = ({ forge: { organisation, enterprise, repositories, runnerGroup }, partitions }) => {
  if (runnerGroup === undefined || organisation !== undefined || enterprise !== undefined) return [];
  const alone = repositories.find((repository) => !Object.values(partitions).flat().includes(repository));
  if (alone === undefined) return [];
  const rule = `runners of "${alone}" register at the repository, which has no runner groups: set forge.organisation, or add it to partitions`;
  return [["forge.runnerGroup", rule]];
};

const registering: Rule = ({ forge: { organisation, enterprise, repositories } }) => {
  if (organisation === undefined) return [];
  if (enterprise !== undefined)
    return [["forge.enterprise", "cannot be combined with forge.organisation: runners register at one of them"]];
  return repositories.flatMap((repository, at): Problem[] =>
    repository.split("/")[0]?.toLowerCase() === organisation.toLowerCase()
      ? []
      : [
          [
            `forge.repositories[${at}]`,
            `"${repository}" does not belong to forge.organisation, whose runners serve only its own`,
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
      problems.push([`partitions.${group}`, 'must have a name of 1-31 of a-z, 0-9 and "-", starting with a letter']);
    if (repositories.length === 0) problems.push([`partitions.${group}`, "contains no repository"]);
    const owner = repositories[0]?.split("/")[0];
    for (const [at, repository] of repositories.entries()) {
      const path = `partitions.${group}[${at}]`;
      if (!isServed(forge, repository)) problems.push([path, `"${repository}" is not in forge.repositories`]);
      const before = home.get(repository);
      if (before !== undefined)
        problems.push([path, `"${repository}" is already in "${before}"; a repository has one partition`]);
      home.set(repository, group);
      if (repository.split("/")[0] !== owner && forge.enterprise === undefined)
        problems.push([path, `does not belong to "${owner}": a group's runners register at one organisation`]);
    }
  }
  // GitHub ignores case.
  if (new Set(forge.repositories.map((one) => one.toLowerCase())).size !== forge.repositories.length)
    problems.push(["forge.repositories", "contains a duplicate"]);
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

/** Checked class by class: check-classes.ts. */
const ofClasses: ReadonlySet<string> = new Set(["resourceClasses", "maxRuntimeMs", "preRunnerScript"]);

const sized: Rule = (environment) => {
  const operational = operationalOf(environment);
  const queues = Object.fromEntries(
    Object.keys(operational.resourceClasses).map((name) => [name, { url: "", unreadableUrl: "" }]),
  );
  const configuration = { ...operational, queues } as Parameters<typeof problemsOf>[0];
  const problems: Problem[] = problemsOf(configuration, (field) => fileFieldOf[field]).flatMap(({ field, words }) => {
    const path = fileFieldOf[field];
    return ofClasses.has(field) ? [] : [[path, words.replace(`${path} is`, "is")] as const];
  });
  if (operational.bootMs >= limits.bootWatchdogMs)
    problems.push([
      "limits.boot",
      `is ${formatDuration(operational.bootMs)}; the boot watchdog powers off after ${formatDuration(limits.bootWatchdogMs)}`,
    ]);
  if (operational.maxInstancesPerPartition > operational.maxInstances)
    problems.push(["limits.maxInstancesPerPartition", `is above limits.maxInstances (${operational.maxInstances})`]);
  return problems;
};

const floors: Rule = (environment) => {
  const { classes } = environment;
  const maxInstances = environment.limits.maxInstances ?? operationalDefaults.maxInstances;
  const among = (path: string, wanted: Readonly<Record<string, number>>): Problem[] => {
    const problems: Problem[] = [];
    for (const pool of Object.keys(wanted)) {
      const [name = "", architecture] = pool.split("/");
      const known = Object.hasOwn(classes, name) ? classes[name] : undefined;
      if (known === undefined) problems.push([`${path}.${pool}`, `"${name}" ${noClass(environment, name)}`]);
      else if (!known.architectures.some((one) => one === architecture))
        problems.push([`${path}.${pool}`, `class "${name}" is not made for ${architecture}`]);
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
const mostNotified = 10;

const notified: Rule = (environment) => {
  const { monthlyBudgetUsd, alarms } = environment;
  const maxInstances = environment.limits.maxInstances ?? operationalDefaults.maxInstances;
  if (alarms.idleCeiling !== undefined && alarms.idleCeiling >= maxInstances)
    return [["alarms.idleCeiling", `can never be exceeded: limits.maxInstances is ${maxInstances}`]];
  for (const channel of Object.keys(alarmChannels) as AlarmChannel[]) {
    const targets = alarms[channel];
    const again = targets.findIndex((one, at) => targets.indexOf(one) !== at);
    if (again !== -1) return [[`alarms.${channel}[${again}]`, `is a duplicate of "${targets[again]}"`]];
  }
  if (monthlyBudgetUsd === undefined) return [];
  const { length } = alarms.email;
  if (length === 0) return [["monthlyBudgetUsd", "is set, but alarms.email is empty"]];
  return length > mostNotified
    ? [["alarms.email", `has ${length} addresses; a budget notifies at most ${mostNotified}`]]
    : [];
};

const rules: readonly Rule[] = [
  named,
  keys,
  provided,
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
  problemsOfSizes,
  problemsOfSystems,
  problemsOfScripts,
  problemsOfRuntimes,
  problemsOfRetiredClasses,
  problemsOfRetiredArchitectures,
  problemsOfRetiredPartitions,
  notified,
  problemsOfTrust,
  problemsOfPolicies,
  problemsOfTags,
  problemsOfJobs,
  problemsOfUserData,
];

/** Characters of a line; longer ones are cut in the middle. */
const longestLine = 600;
const lineOf = (source: string, [path, rule]: Problem): string => {
  const line = `${source}: ${path}: ${rule}`;
  return line.length <= longestLine ? line : `${line.slice(0, longestLine / 2)} … ${line.slice(-longestLine / 2)}`;
};

type Read = { readonly environment: Environment } | { readonly problems: readonly Problem[] };

function read(file: unknown): Read {
  const parsed = environmentShape.safeParse(file);
  if (!parsed.success) {
    const judged = judgedBeside(file);
    const beside = judged === undefined ? [] : rules.flatMap((rule) => judged(rule));
    return { problems: [...problemsOfShape(parsed.error, file), ...beside] };
  }
  const environment = environmentOf(parsed.data);
  const problems = rules.flatMap((rule) => rule(environment));
  return problems.length > 0 ? { problems } : { environment };
}

/** Environments by their files' names. Throws `EnvironmentRefused` with every problem of every file. */
export function readEnvironments(files: Readonly<Record<string, unknown>>): Readonly<Record<string, Environment>> {
  const environments: Record<string, Environment> = {};
  const problems: string[] = [];
  const translations: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const [source, file] of Object.entries(files)) {
    const old = isSchema1(file);
    if (old) {
      translations[source] = translated(file);
      problems.push(lineOf(source, ["schema", "is 1, and this runpool reads schema 2: use what is printed below"]));
    }
    const found = read(translations[source] ?? file);
    if ("problems" in found) problems.push(...found.problems.map((problem) => lineOf(source, problem)));
    else environments[source] = found.environment;
  }
  if (problems.length > 0) throw new EnvironmentRefused(problems, translations);
  return environments;
}

/** Of one file. */
export const readEnvironment = (file: unknown, source: string): Environment => {
  const { [source]: environment } = readEnvironments({ [source]: file });
  if (environment === undefined) throw new Error(`${source} was neither read nor refused`);
  return environment;
};

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

/** Several environments together: their names are prefixes at AWS and GitHub. `sources`: their files. */
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
