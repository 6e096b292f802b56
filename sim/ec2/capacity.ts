// How much of which machine can be had: rules that a test sets, and the account's vCPU quotas.
import { spotPrice } from "./catalogue.ts";
import type { InstanceType } from "./catalogue.ts";
import { wildcard } from "./matching-types.ts";

export type Market = "spot" | "on-demand";

/** A kind of machine that can be launched: what fleets choose among. */
export interface Pool {
  readonly type: InstanceType;
  readonly zone: string;
  readonly market: Market;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** A limit on what can still be launched. `type` may be a wildcard (`c5*.*`); an absent member means any. */
interface Scarcity {
  readonly type?: string;
  readonly zone?: string;
  readonly market?: Market;
  /** How many more can be launched; ended machines do not give theirs back. */
  remaining: number;
  /** `unsupported`: the type is not offered in the zone, which EC2 tells apart from scarcity. Default `scarce`. */
  readonly because?: "scarce" | "unsupported";
}

export interface Capacity {
  /** All that apply must have something remaining. Empty: no limit. Add, change and clear at will. */
  readonly scarcities: Scarcity[];
  /** vCPUs that may run at once in each market; EC2's quotas for standard families. */
  readonly vcpuQuota: Record<Market, number>;
}

export const plenty = (): Capacity => ({
  scarcities: [],
  vcpuQuota: { spot: Number.POSITIVE_INFINITY, "on-demand": Number.POSITIVE_INFINITY },
});

const applies = (rule: Scarcity, pool: Pool): boolean =>
  (rule.type === undefined || wildcard(rule.type, pool.type.name)) &&
  (rule.zone === undefined || rule.zone === pool.zone) &&
  (rule.market === undefined || rule.market === pool.market);

/** Takes one machine's worth, or says why not in EC2's words (as CreateFleet's Errors were seen to read). */
export function take(
  capacity: Capacity,
  pool: Pool,
  vcpusInUse: number,
  maxPrice: number | undefined,
): Refusal | undefined {
  const rules = capacity.scarcities.filter((rule) => applies(rule, pool));
  const spent = rules.find((rule) => rule.remaining <= 0);
  if (spent?.because === "unsupported")
    return {
      code: "InvalidFleetConfiguration",
      message: `Your requested instance type (${pool.type.name}) is not supported in your requested Availability Zone (${pool.zone}).`,
    };
  const quota = capacity.vcpuQuota[pool.market];
  if (vcpusInUse + pool.type.vcpu > quota)
    return pool.market === "spot"
      ? { code: "MaxSpotInstanceCountExceeded", message: "Max spot instance count exceeded" }
      : {
          code: "VcpuLimitExceeded",
          message: `You have requested more vCPU capacity than your current vCPU limit of ${quota} allows for the instance bucket that the specified instance type belongs to.`,
        };
  const price = spotPrice(pool.type, pool.zone);
  if (pool.market === "spot" && maxPrice !== undefined && maxPrice < price)
    return {
      code: "SpotMaxPriceTooLow",
      message: `Your Spot request price of ${maxPrice} is lower than the minimum required Spot request fulfillment price of ${price}.`,
    };
  if (spent !== undefined)
    return {
      code: "InsufficientInstanceCapacity",
      message:
        pool.market === "spot"
          ? "There is no Spot capacity available that matches your request."
          : `We currently do not have sufficient ${pool.type.name} capacity in the Availability Zone you requested (${pool.zone}). Our system will be working on provisioning additional capacity.`,
    };
  for (const rule of rules) rule.remaining--;
  return undefined;
}

/** Gives one machine's worth back: for a fleet that in the end launches nothing. */
export const giveBack = (capacity: Capacity, pool: Pool): void => {
  for (const rule of capacity.scarcities) if (applies(rule, pool)) rule.remaining++;
};
