// The table: its key, its indexes and what they project. Terraform, the control plane and the agent read it here.
import { poolKey, type PoolName } from "./class-keys.ts";
import { groupOf, parseOwner } from "./owner.ts";
import type { InstanceRecord } from "./record.ts";

/** Key prefixes of the items that are not instances. */
export const defaultsKey = "configuration#defaults";
export const overlayKey = "configuration#overlay";
export const pauseKey = "configuration#pause";
/** Of what no further machine is to be created. */
export const brakesKey = "brakes";
export const counterKey = (scope: string): string => `counter#${scope}`;
/** What was asked for in a run, one attribute a provision: so that jobs of a later attempt find runners again. */
export const requestKey = (runId: string): string => `request#${runId}`;

/** Up to when outcomes of provisions have been published as metrics. */
export const reportedKey = "metrics#reported";

/** What an instance may read of the configuration, beside the key: its pre-runner script, and whose layout it is. */
export const bootAttributes = ["preRunnerScript", "preRunnerScripts", "deployedBy", "schema"] as const;

export const isInstanceKey = (key: string): boolean => key.startsWith("arn:");

/** Attribute of an item that the owner index is made from: the owner's `groupOf`, written and removed with the owner. */
export const groupAttribute = "ownerGroup";
/** Attribute of an item that the pool index is made from. */
export const poolAttribute = "pool";
/** A run's request lies in that index too once something came of it, under this name and the moment: refresh finds what is new there. */
export const outcomePool = "outcomes";

/** What of a whole item its indexes are made from. */
export function indexedBy(
  record: PoolName & Pick<InstanceRecord, "state" | "owner">,
): Readonly<Record<string, string>> {
  const owner = parseOwner(record.owner);
  return {
    [poolAttribute]: poolKey(record, record.state),
    ...(owner === undefined ? {} : { [groupAttribute]: groupOf(owner) }),
  };
}

/** Another 20 names is all that DynamoDB lets an index include; none is the agent's, so a heartbeat writes no index. */
const inBoth = [
  "instanceId",
  "partition",
  "resourceClass",
  "architecture",
  "state",
  "version",
  "assignment",
  "wanted",
  "owner",
  "usageClass",
  "instanceType",
  "zone",
  "imageId",
  "configHash",
  "launchedAt",
  "uses",
] as const;
const inOwnerIndex = [...inBoth, "threshold", "claimId"] as const;
const inPoolIndex = [...inBoth, "cpu", "mmem", "templateVersion"] as const;

type Listing<Names extends keyof InstanceRecord> = Pick<InstanceRecord, Names>;
/** An instance as the owner index shows it: possibly stale, without anything of the agent's. */
export type OwnerListing = Listing<"key" | (typeof inOwnerIndex)[number]>;
/** An instance as the pool index shows it: possibly stale, without anything of the agent's. */
export type PoolListing = Listing<"key" | "threshold" | (typeof inPoolIndex)[number]>;

export const table = {
  key: "key",
  ttl: "expiresAt",
  indexes: {
    byOwner: { name: "by-owner", hash: groupAttribute, range: undefined, projects: inOwnerIndex },
    byPool: { name: "by-pool", hash: poolAttribute, range: "threshold", projects: inPoolIndex },
  },
  /** Type of each key attribute. */
  attributes: { key: "S", ownerGroup: "S", pool: "S", threshold: "N" },
} as const;
