// What an environment is configured to be: defaults that the stack writes, an overlay that refresh writes, and their sum.
import { fingerprint } from "./fingerprint.ts";
import { limits, maxima } from "./limits.ts";
import { forgeCredentialParameter, runnerLabels } from "./names.ts";
import { problemsOfClasses, type ResourceClasses } from "./resource-class.ts";
import { labelOf, problemOfLabel, type Request } from "./request.ts";
import type { Architecture, UsageClass } from "./record.ts";
import { machineName, templateKey, type PoolName } from "./class-keys.ts";
import { formatDuration } from "./duration.ts";
import type { DeployedVersion } from "./version.ts";

/** Idle floors that hold from each moment of a cron expression on, until another schedule's. */
export interface Schedule {
  readonly name: string;
  readonly cron: string;
  readonly timezone: string;
  readonly idleFloors: Readonly<Record<string, number>>;
}

/** The stack's part: what is deployed. */
export interface Deployed extends DeployedVersion {
  readonly environment: string;
  readonly awsPartition: string;
  readonly region: string;
  readonly account: string;
  /** Queue URLs by resource class. */
  readonly queues: Readonly<Record<string, { readonly url: string; readonly unreadableUrl: string }>>;
  /** Launch templates by `templateKey`; in environments of the tests' own, by `machineName` for all partitions. */
  readonly templates: Readonly<Record<string, { readonly id: string; readonly version: string }>>;
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
  /** What instances are in; absent in environments that were deployed before it was written down. */
  readonly securityGroups?: readonly string[];
  /** Name of the SSM parameter that holds the AMI id, by architecture: of all classes that have no image of their own. */
  readonly imageParameters: Readonly<Partial<Record<Architecture, string>>>;
  /** What classes are otherwise than the environment: read through `classOf`. Absent where all are alike. */
  readonly classes?: Readonly<Record<string, DeployedClass>>;
  /** Of classes that have a pre-runner script of their own. Beside `classes`, since an instance may read this attribute and not that one. */
  readonly preRunnerScripts?: Readonly<Record<string, string>>;
  /** Images that the roles' policies let be launched, beside those of this account with the environment's tag; absent where it was deployed before this was written down. */
  readonly launchableImages?: LaunchableImages;
  readonly forge: {
    readonly kind: "github";
    /** `https://github.com`, or a GHES server. */
    readonly serverUrl: string;
    readonly apiUrl: string;
    /** Repositories (`owner/repo`) that the environment serves; `owner/*`: all of an owner. */
    readonly repositories: readonly string[];
    /** Where all runners register; absent: at their repository, or at its owner where repositories share machines. */
    readonly organisation?: string;
    /** The same, above organisations. */
    readonly enterprise?: string;
    /** The runner group that all runners are put into; absent: the scope's default group. */
    readonly runnerGroup?: string;
    /** Name of the SecureString that refresh authenticates by; absent where it has the usual name. */
    readonly credentialParameter?: string;
  };
  /** A hash of what instances of most classes boot with (user data, launch template, pre-runner script): a change of it makes idle ones stale. */
  readonly configHash: string;
  /** Idle floors by the clock, in the order of the environment's file; absent in environments that were deployed before they were written down. */
  readonly schedules?: readonly Schedule[];
  /** Named groups of repositories that share machines; a repository in none is its own partition. */
  readonly partitions: Readonly<Record<string, readonly string[]>>;
  /** Jobs of any run may run on its instances: the configured labels are shared by all of them. Absent: false. */
  readonly anyRunsJobs?: boolean;
  /** What instances may stand on; absent in environments that were deployed before it was written down. */
  readonly kept?: Kept;
}

/** What the machines of a class are, beside their size. */
export interface ClassSettings
  extends
    Pick<Deployed, "configHash" | "imageParameters">,
    Pick<Operational, "usageClass" | "maxUses" | "maxRuntimeMs" | "images"> {
  /** The most to pay for a spot instance, USD an hour; absent: up to the on-demand price, as EC2 has it. */
  readonly spotMaxPrice?: number;
}

/** What only a class is, with its own images: it comes before what the environment says, and before an overlay's change of that. */
export type DeployedClass = Partial<Omit<ClassSettings, "images">>;

export interface LaunchableImages {
  /** As EC2 names owners: an account's number, or `amazon`. */
  readonly owners: readonly string[];
  /** Those that the environment's file pins. */
  readonly ids: readonly string[];
}

/**
 * What the deployed environment has for instances to stand on, that in use and that which is retired. The next deployment compares: what it
 * would take away, an instance must not stand on (entry/refuse-removal.ts).
 */
export interface Kept {
  /** Those that have queues and launch templates. */
  readonly classes: readonly string[];
  /** What launch templates there are in each partition, as `machineName` has it. */
  readonly machines: readonly string[];
  /** Those that have a role and launch templates, each with the place where its runners register. */
  readonly partitions: Readonly<Record<string, string>>;
  /** Availability zones with a subnet that the stack has made. */
  readonly zones: readonly string[];
  /** What all instances stand on, by the field of the environment's file that says it. */
  readonly all: Readonly<Record<string, readonly string[]>>;
}

/** The part that operators change without a deployment. */
export interface Operational {
  readonly resourceClasses: ResourceClasses;
  readonly idleMs: number;
  readonly maxRuntimeMs: number;
  readonly bootMs: number;
  readonly provisionMs: number;
  /** Maximum of instances alive at once: in the environment and in one partition. */
  readonly maxInstances: number;
  readonly maxInstancesPerPartition: number;
  /** What root runs once on every new machine, which reads it from the table as it boots; "" = nothing. */
  readonly preRunnerScript: string;
  /** Further labels that every runner carries, behind its run's label; where any run's jobs are taken, as they are too. */
  readonly labels: readonly string[];
  /** Of a provision, or an idle floor, that names none. */
  readonly usageClass: UsageClass;
  /** Idle instances to keep in each partition, by `class/architecture` (of the class's own usage class) or `class/architecture/on-demand`. */
  readonly idleFloors: Readonly<Record<string, number>>;
  /** Owners that an instance may have had before it is retired; 0 = no maximum. */
  readonly maxUses: number;
  /** Age in ms beyond which an idle instance is retired. */
  readonly maxAgeMs: number;
  /** AMI id that overrides the parameter, by architecture; not that of a class with an image of its own. */
  readonly images: Readonly<Partial<Record<Architecture, string>>>;
}

/** Where the credential for GitHub lies: a token as it is, or an App as JSON (`appId`, `privateKey`, `installationId`). */
export const credentialParameterOf = (
  environment: string,
  { credentialParameter }: { readonly credentialParameter?: string | undefined },
): string => credentialParameter ?? forgeCredentialParameter(environment);

/** As the stack writes them. */
export type Defaults = Deployed & Operational;
/** As they are read: an older stack knew fewer of the operators' fields. */
export type StoredDefaults = Deployed & Partial<Operational>;
export type Overlay = Partial<Operational> & {
  /** Which word of the clock the idle floors follow: what an operator has written since holds until the next. */
  readonly scheduled?: { readonly at: number; readonly idleFloors: Readonly<Record<string, number>> };
};
export type Configuration = Defaults;

export const operationalDefaults: Required<Operational> = {
  resourceClasses: {},
  idleMs: limits.idleMs,
  maxRuntimeMs: limits.maxRuntimeMs,
  bootMs: limits.bootMs,
  provisionMs: limits.provisionMs,
  maxInstances: 100,
  maxInstancesPerPartition: 100,
  preRunnerScript: "",
  labels: [],
  usageClass: "spot",
  idleFloors: {},
  maxUses: 0,
  maxAgeMs: 24 * 60 * 60_000,
  images: {},
};

const operationalNames = Object.keys(operationalDefaults) as (keyof Operational)[];

/** Defaults ⊕ overlay: an overlay's value replaces the default's as a whole; unknown names of an overlay are ignored. */
export function merge(defaults: StoredDefaults, overlay: Overlay): Configuration {
  const merged: Record<string, unknown> = { ...defaults };
  for (const name of operationalNames) merged[name] = overlay[name] ?? defaults[name] ?? operationalDefaults[name];
  const laid = overlay.preRunnerScript;
  if (laid !== undefined && laid !== defaults.preRunnerScript) {
    // Instances read the script when they boot: another one in the overlay makes those of before stale, as a deployment would.
    const changed = (hash: string): string => `${hash}+${fingerprint(laid)}`;
    merged["configHash"] = changed(defaults.configHash);
    const { classes, preRunnerScripts = {} } = defaults;
    if (classes !== undefined)
      merged["classes"] = Object.fromEntries(
        Object.entries(classes).map(([name, own]) =>
          own.configHash === undefined || Object.hasOwn(preRunnerScripts, name)
            ? [name, own]
            : [name, { ...own, configHash: changed(own.configHash) }],
        ),
      );
  }
  return merged as unknown as Configuration;
}

/** The class's own word, else the environment's: for a class that says nothing of its own, and for a name that is no class, the environment's alone. */
export function classOf(configuration: Configuration, resourceClass: string): ClassSettings {
  const own = Object.hasOwn(configuration.classes ?? {}, resourceClass)
    ? configuration.classes?.[resourceClass]
    : undefined;
  const { configHash, usageClass, maxUses, maxRuntimeMs, imageParameters, images } = configuration;
  const ownImages = own?.imageParameters;
  const withoutOwn = Object.entries(images).filter(([architecture]) => !Object.hasOwn(ownImages ?? {}, architecture));
  return {
    configHash,
    usageClass,
    maxUses,
    maxRuntimeMs,
    ...own,
    imageParameters: { ...imageParameters, ...ownImages },
    images: Object.fromEntries(withoutOwn),
  };
}

/** Where a value of the sum comes from. */
export function sourceOf(
  name: keyof Operational,
  defaults: StoredDefaults,
  overlay: Overlay,
): "overlay" | "defaults" | "built-in" {
  if (overlay[name] !== undefined) return "overlay";
  return defaults[name] === undefined ? "built-in" : "defaults";
}

const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;

/** Every parameter that new machines take their image from. */
export const imageParametersOf = ({
  imageParameters,
  classes = {},
}: Pick<Configuration, "imageParameters" | "classes">): readonly string[] => [
  ...new Set(
    [imageParameters, ...Object.values(classes).map((own) => own.imageParameters ?? {})].flatMap((one) =>
      Object.values(one),
    ),
  ),
];

/** The pool that the name of an idle floor means; the class and the architecture as they stand there. */
export function floorPool(name: string, configuration: Configuration) {
  const [resourceClass = "", architecture = "", named] = name.split("/");
  return { resourceClass, architecture, usageClass: named ?? classOf(configuration, resourceClass).usageClass };
}

/** With units, or in milliseconds where that would round. */
const exactly = (ms: number): string => (ms >= 1000 && ms % 1000 === 0 ? formatDuration(ms) : `${ms} ms`);

/** What is wrong with a maximum runtime; undefined where it is allowed. */
export const runtimeRule = (ms: number): string | undefined =>
  ms >= 1000 && ms <= limits.longestRuntimeMs
    ? undefined
    : `is ${exactly(ms)}; a runtime is from 1s to ${formatDuration(limits.longestRuntimeMs)}`;

/** The same for a pre-runner script. */
export function scriptRule(script: string): string | undefined {
  const { length } = new TextEncoder().encode(script);
  return length <= maxima.preRunnerBytes
    ? undefined
    : `has ${length} bytes; the maximum is ${maxima.preRunnerBytes}: keep the bulk in the image, or let the script fetch it`;
}

/** What is wrong with a field of a configuration; `words` name it, in one line. */
export interface ConfigurationProblem {
  readonly field: keyof Operational;
  readonly words: string;
}

/** `called`: what the reader calls a field, where that is not its stored name. */
export function problemsOf(
  configuration: Configuration,
  called: (field: keyof Operational) => string = (field) => field,
): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const wrong = (field: keyof Operational, words: string): void => void problems.push({ field, words });
  const lasting = (field: "idleMs" | "bootMs" | "provisionMs"): string =>
    `${called(field)} is ${exactly(configuration[field])}`;
  const ruled = (field: keyof Operational, rule: string | undefined): void => {
    if (rule !== undefined) wrong(field, `${called(field)} ${rule}`);
  };
  for (const problem of problemsOfClasses(configuration.resourceClasses)) wrong("resourceClasses", problem);
  const { idleMs, maxRuntimeMs, bootMs, provisionMs } = configuration;
  if (!(idleMs >= 1000 && idleMs <= limits.longestIdleMs))
    wrong("idleMs", `${lasting("idleMs")}; an idle time is from 1s to ${formatDuration(limits.longestIdleMs)}`);
  ruled("maxRuntimeMs", runtimeRule(maxRuntimeMs));
  if (!(bootMs >= 1000 && bootMs <= limits.longestRuntimeMs))
    wrong("bootMs", `${lasting("bootMs")}; a boot limit is from 1s to ${formatDuration(limits.longestRuntimeMs)}`);
  if (!(provisionMs > bootMs))
    wrong(
      "provisionMs",
      `${lasting("provisionMs")} and must be longer than the boot limit (${lasting("bootMs")}): nothing claimed may expire while its siblings boot`,
    );
  if (provisionMs > limits.longestRuntimeMs)
    wrong(
      "provisionMs",
      `${lasting("provisionMs")}; a provision takes at most ${formatDuration(limits.longestRuntimeMs)}`,
    );
  if (!(provisionMs > limits.replacementMs))
    wrong(
      "provisionMs",
      `${lasting("provisionMs")}; with ${formatDuration(limits.replacementMs)} or less left nothing is created any more`,
    );
  for (const name of ["maxInstances", "maxInstancesPerPartition", "maxUses", "maxAgeMs"] as const)
    if (!isCount(configuration[name]))
      wrong(name, `${called(name)} is ${configuration[name]}; it is a whole number, 0 or more`);
  ruled("preRunnerScript", scriptRule(configuration.preRunnerScript));
  const floors = new Map<string, string>();
  for (const [name, count] of Object.entries(configuration.idleFloors)) {
    if (!isCount(count)) wrong("idleFloors", `idleFloors of "${name}" is ${count}; it is a whole number, 0 or more`);
    const pool = Object.values(floorPool(name, configuration)).join("/");
    const other = floors.get(pool);
    if (other !== undefined)
      wrong("idleFloors", `idleFloors names one pool twice, as "${other}" and as "${name}": keep one`);
    floors.set(pool, name);
  }
  for (const problem of configuration.labels.map((label) => problemOfLabel(label)))
    if (problem !== undefined) wrong("labels", `labels: ${problem}`);
  for (const name of Object.keys(configuration.resourceClasses))
    if (configuration.queues[name] === undefined)
      wrong("resourceClasses", `resource class "${name}" has no queue: deploy the stack again`);
  return problems;
}

/**
 * The labels of the runners that serve a request. What is configured stands alone only where any run's jobs are taken, which is what
 * labels that runs share are for, and never beside a secret label, which would then keep nobody out.
 */
export function labelsOf(
  { labels: configured, anyRunsJobs = false }: Pick<Configuration, "labels" | "anyRunsJobs">,
  request: Pick<Request, "runId" | "label" | "labels" | "resourceClass" | "architecture">,
): readonly string[] {
  const words = [request.resourceClass, request.architecture, ...configured, ...request.labels];
  const shared = anyRunsJobs && request.label === undefined ? configured : [];
  return [...new Set([...runnerLabels(labelOf(request), words), ...shared])];
}

/**
 * The longest that a machine may live, ms from EC2's launch, whatever its record says: it is handed on until it is too old, idles once more, is
 * claimed in the last moment, and serves for the longest runtime that anybody may ask for.
 */
export const longestLifeMs = ({
  maxAgeMs,
  bootMs,
  idleMs,
  provisionMs,
}: Pick<Configuration, "maxAgeMs" | "bootMs" | "idleMs" | "provisionMs">): number =>
  Math.max(maxAgeMs, bootMs) + Math.max(idleMs, limits.floorMs) + provisionMs + limits.longestRuntimeMs;

/** Classes that have a queue still, and nobody may ask for any more. */
export const retiredClassesOf = ({
  queues,
  resourceClasses,
}: Pick<Configuration, "queues" | "resourceClasses">): readonly string[] =>
  Object.keys(queues).filter((name) => !Object.hasOwn(resourceClasses, name));

/** The launch template of a pool; undefined where it is not deployed. */
export const templateOf = (
  { templates }: Pick<Deployed, "templates">,
  { partition, resourceClass, architecture }: PoolName,
): { readonly id: string; readonly version: string } | undefined =>
  templates[templateKey({ partition, resourceClass, architecture })] ??
  templates[machineName({ resourceClass, architecture })];

/** The owner whose repositories are all served, by an entry `OWNER/*`; undefined for an entry that is one repository. */
export const wholeOwner = (served: string): string | undefined =>
  served.endsWith("/*") ? served.slice(0, -"/*".length) : undefined;

/** By itself, or with all of its owner. */
export const isServed = ({ repositories }: Served, repository: string): boolean =>
  repositories.includes(repository) || repositories.includes(`${repository.split("/")[0]}/*`);

/** Stands for the repositories of a whole owner where a run of ours needs one and only its place counts. Nobody's jobs wait in it. */
const standIn = "runpool-image-test";
export const aRepositoryOf = (served: string): string => {
  const owner = wholeOwner(served);
  return owner === undefined ? served : `${owner}/${standIn}`;
};
export const isStandIn = (repository: string): boolean => repository.endsWith(`/${standIn}`);

/**
 * The partition of a repository: the named group that lists it, or its own. Those of an owner who is served as a whole, and are not named by
 * themselves, are one: nobody knows them when tokens and templates are made.
 */
export function partitionOf(
  { partitions, forge }: Pick<Deployed, "partitions"> & { readonly forge: Served },
  repository: string,
): string {
  for (const [name, repositories] of Object.entries(partitions)) if (repositories.includes(repository)) return name;
  const [owner] = repository.split("/");
  const alone = wholeOwner(repository) === undefined && forge.repositories.includes(repository);
  return alone || !forge.repositories.includes(`${owner}/*`) ? `github:${repository}` : `github:${owner}`;
}
type Served = Pick<Deployed["forge"], "repositories">;

/** GitHub's own path of an enterprise, at the web and in REST. */
const enterprisePath = (enterprise: string): string => `enterprises/${enterprise}`;

/**
 * Where a repository's runners register: at the enterprise or organisation that the environment names (`enterprises/NAME`, `OWNER`),
 * else at the repository (`OWNER/REPO`), or at its organisation where repositories share machines.
 */
export function forgeScopeOf(
  { forge, partitions }: Pick<Deployed, "partitions"> & { readonly forge: ForgeScopes },
  repository: string,
): string {
  if (forge.enterprise !== undefined) return enterprisePath(forge.enterprise);
  if (forge.organisation !== undefined) return forge.organisation;
  const shared = Object.hasOwn(partitions, partitionOf({ partitions, forge }, repository));
  return shared ? (repository.split("/")[0] ?? repository) : repository;
}
type ForgeScopes = Served & { readonly [Name in "organisation" | "enterprise"]?: string | undefined };

/**
 * Where an agent may register, as its machine's user data says it. Not its record: whoever may provision writes that, and would be sent the
 * registration token at any address.
 */
export interface ForgeHome {
  readonly serverUrl: string;
  /** The organisation or enterprise of all runners, as a scope; absent: each partition has its own. */
  readonly scope?: string;
  /** The owner of each named partition; none with a scope. */
  readonly owners: Readonly<Record<string, string>>;
}

export const forgeHomeOf = ({
  forge,
  partitions,
}: Pick<Deployed, "partitions"> & {
  readonly forge: ForgeScopes & Pick<Deployed["forge"], "serverUrl">;
}): ForgeHome => {
  const { serverUrl, organisation, enterprise } = forge;
  const scope = enterprise === undefined ? organisation : enterprisePath(enterprise);
  if (scope !== undefined) return { serverUrl, scope, owners: {} };
  const owners = Object.entries(partitions).map(([name, [first = ""]]) => [name, first.split("/")[0] ?? ""] as const);
  return { serverUrl, owners: Object.fromEntries(owners) };
};

/** The scope at which the instances of a partition register. */
export function registrationScope({ scope, owners }: Omit<ForgeHome, "serverUrl">, partition: string): string {
  const own = Object.hasOwn(owners, partition) ? owners[partition] : undefined;
  return scope ?? own ?? partition.replace(/^github:/, "");
}
