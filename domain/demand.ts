// What is asked of the pool: so many instances of a kind, for one owner, until a moment. Every caller uses this form.
import { allowsType } from "./instance-types.ts";
import { isPast } from "./needs.ts";
import type { Owner } from "./owner.ts";
import type { Lifetime, Registration, UsageClass } from "./record.ts";
import type { ResourceClass } from "./resource-class.ts";
import type { PoolName } from "./class-keys.ts";

/** What an instance must be beside its pool. */
export interface Fitting {
  readonly usageClass: UsageClass;
  readonly minimum: ResourceClass;
  /** Names and wildcards; none = every type that meets the minimum. */
  readonly allowedTypes: readonly string[];
}

export interface Demand extends PoolName, Fitting {
  /** Who asks: a demand that is made again under the same owner finds what it has already. */
  readonly owner: Owner;
  readonly count: number;
  /** As many will do where not all can be had in time. */
  readonly least: number;
  /** On-demand where spot is short. */
  readonly fallback: boolean;
  /** Epoch ms by which all must be registered. */
  readonly until: number;
  /** Where its instances register, and as what; nowhere = they wait for an owner. */
  readonly registration: readonly Registration[];
  /** How long each may serve once all are there, ms. */
  readonly maxRuntimeMs: number;
  readonly lifetime: Lifetime;
  /** An image of its own: then its instances are made from that, and none is taken from the pool. */
  readonly image?: string;
}

/** The labels that its instances carry, each once. */
export const labelsIn = ({ registration }: Pick<Demand, "registration">): readonly string[] => [
  ...new Set(registration.flatMap(({ labels }) => labels)),
];

/** What an idle instance shows of itself wherever it is listed. */
export interface Candidate extends PoolName {
  readonly usageClass: UsageClass;
  readonly instanceType: string;
  readonly cpu: number;
  readonly mmem: number;
  /** Epoch ms. */
  readonly threshold: number;
}

export type Misfit = "partition" | "class" | "architecture" | "usage class" | "type" | "cpu" | "memory" | "expired";

/** Why a candidate does not serve a demand; undefined where it does. `latest` is the moment that its threshold must lie beyond. */
export function misfitOf(candidate: Candidate, demand: PoolName & Fitting, latest: number): Misfit | undefined {
  if (isPast(candidate, latest)) return "expired";
  if (candidate.partition !== demand.partition) return "partition";
  if (candidate.resourceClass !== demand.resourceClass) return "class";
  if (candidate.architecture !== demand.architecture) return "architecture";
  if (candidate.usageClass !== demand.usageClass) return "usage class";
  if (!allowsType(demand.allowedTypes, candidate.instanceType)) return "type";
  if (candidate.cpu < demand.minimum.cpu) return "cpu";
  if (candidate.mmem < demand.minimum.mmem) return "memory";
  return undefined;
}
