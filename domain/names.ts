// Names that exist once: of AWS resources, keys, partitions, runners and their labels.
import { fingerprint } from "./fingerprint.ts";

/** An environment's name becomes part of table, queue and runner names. */
export const environmentName = /^[a-z][a-z0-9-]{0,19}$/;

/** The tags that every machine of ours carries. */
export const tags = {
  /** `pool`: a machine with a record, which ends itself without one. */
  manager: "runpool:manager",
  environment: "runpool:environment",
  owner: "runpool:owner",
  resourceClass: "runpool:class",
  partition: "runpool:partition",
} as const;
export const poolManager = "pool";

export const tableName = (environment: string): string => `runpool-${environment}`;
/** "_" here too: what may be given to machines of `dev` is not what belongs to an environment `dev-instances`. */
export const instanceRoleName = (environment: string): string => `runpool-${environment}_instance`;
/** Of the machine that an image is built on: role and profile. */
export const imageBuildRoleName = (environment: string): string => `runpool-${environment}-image-build`;
/** The SecureString that holds a partition's registration token. */
export const registrationTokenParameter = (environment: string, partition: string): string =>
  `/runpool/${environment}/registration/${asPathPart(partition)}`;
/** The SecureString that holds a partition's removal token. */
export const removalTokenParameter = (environment: string, partition: string): string =>
  `/runpool/${environment}/removal/${asPathPart(partition)}`;
/** The tag of a SecureString that one instance alone may read, with that one's ARN (`instanceKey`): by it alone its reader is let in. */
export const readerTag = "runpool:instance";

/** The folder of an environment's just-in-time configurations. */
export const jitConfigurationFolder = (environment: string): string => `/runpool/${environment}/jit`;
/**
 * The SecureString that holds the just-in-time configuration of one instance and assignment. It carries `readerTag`, and may be
 * larger than what SSM's standard tier takes (4 KB): whoever writes one asks for `Intelligent-Tiering`.
 */
export const jitConfigurationParameter = (environment: string, instanceId: string, assignment: number): string =>
  `${jitConfigurationFolder(environment)}/${instanceId}/${assignment}`;

/** Whose configuration a parameter of this environment holds; undefined for any other name. */
export function parseJitConfigurationParameter(
  environment: string,
  name: string,
): { instanceId: string; assignment: number } | undefined {
  const folder = `${jitConfigurationFolder(environment)}/`;
  const match = name.startsWith(folder) ? /^(i-[0-9a-f]{8,17})\/(\d+)$/.exec(name.slice(folder.length)) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { instanceId: match[1], assignment: Number(match[2]) };
}

/** The SecureString that holds the PAT or the App's key of an environment. */
export const forgeCredentialParameter = (environment: string): string => `/runpool/${environment}/forge-credential`;

/** The log group to which instances ship their logs, each to streams that begin with its id. */
export const instanceLogGroup = (environment: string): string => `/runpool/${environment}/instances`;

/** SSM names take no ":" (and "/" would make a level). */
const asPathPart = (text: string): string => text.replaceAll(/[^A-Za-z0-9_.-]/g, "_");

export interface Place {
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly awsPartition: string;
  readonly region: string;
  /** The account's twelve digits. */
  readonly account: string;
}

/** The partition that a region lies in (AWS General Reference, "Amazon Resource Names"). */
export const awsPartitionOf = (region: string): "aws" | "aws-cn" | "aws-us-gov" =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";

/** An instance's ARN: the table's partition key. It is spelled nowhere else. */
export const instanceKey = (place: Place, instanceId: string): string =>
  `arn:${place.awsPartition}:ec2:${place.region}:${place.account}:instance/${instanceId}`;

/** Where an environment is deployed: the same name in another account or region is another environment. */
export interface Home extends Pick<Place, "account" | "region"> {
  readonly environment: string;
}

/**
 * Names never repeat with other labels: at GitHub labels could leak from the one to the next (actions/runner #4225). 64 characters are
 * allowed: 20 of the environment, 8 of its home, 19 of the instance, and the assignment.
 */
export const runnerName = (home: Home, instanceId: string, assignment: number): string =>
  `${runnerPrefix(home)}${instanceId}-${assignment}`;

/**
 * It tells an environment from one of the same name in another account or region, whose runners may stand at the same repository: refresh
 * deletes runners of this prefix that its own table does not know.
 */
export const runnerPrefix = ({ environment, account, region }: Home): string =>
  `${environment}-${fingerprint(`${account}/${region}`).slice(0, 8)}-`;

/** The instance and assignment in a runner's name of this environment; undefined for any other name. */
export function parseRunnerName(home: Home, name: string): { instanceId: string; assignment: number } | undefined {
  const prefix = runnerPrefix(home);
  const match = name.startsWith(prefix) ? /^(i-[0-9a-f]{8,17})-(\d+)$/.exec(name.slice(prefix.length)) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { instanceId: match[1], assignment: Number(match[2]) };
}

/**
 * The run's label, and the label with each word behind it: `1001`, `1001-large`. GitHub gives a job to any runner that has all labels of its
 * `runs-on`, so a word alone would let in every job of the scope that asks for that word.
 */
export const runnerLabels = (label: string, words: readonly string[]): readonly string[] => [
  ...new Set([label, ...words.map((word) => `${label}-${word}`)]),
];

/** The counter of all instances of an environment. */
export const environmentCounter = "environment";
export const partitionCounter = (partition: string): string => `partition#${partition}`;
/** The counters in which an instance of a partition holds a place. */
export const countersOf = (partition: string): readonly string[] => [environmentCounter, partitionCounter(partition)];
