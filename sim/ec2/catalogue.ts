// An excerpt of the EC2 instance catalogue as data: general-purpose, compute, memory and burstable types up to 64 vCPU.
import { largeUsdPerHour } from "../../domain/prices.ts";

/** The names that `ec2:DescribeInstanceTypes` and AMIs use. */
export type Architecture = "x86_64" | "arm64";

export interface InstanceType {
  /** E.g. `c6i.large`. */
  readonly name: string;
  readonly family: string;
  readonly vcpu: number;
  readonly mib: number;
  readonly architecture: Architecture;
  readonly generation: "current" | "previous";
  readonly burstable: boolean;
  readonly bareMetal: boolean;
  /** Linux on demand in us-east-1, dollars an hour, approximate. */
  readonly usdPerHour: number;
}

/** Family: architecture, generation as DescribeInstanceTypes reports it, GiB a vCPU. */
type Family = readonly [Architecture, InstanceType["generation"], number];

// Newer families have displaced c5, m5, m6i, r5 and r6i from the "current" generation in DescribeInstanceTypes' answers.
const families: Readonly<Record<keyof typeof largeUsdPerHour, Family>> = {
  c5: ["x86_64", "previous", 2],
  c5a: ["x86_64", "current", 2],
  c6i: ["x86_64", "current", 2],
  c6a: ["x86_64", "current", 2],
  c7i: ["x86_64", "current", 2],
  c7a: ["x86_64", "current", 2],
  c6g: ["arm64", "current", 2],
  c7g: ["arm64", "current", 2],
  m5: ["x86_64", "previous", 4],
  m6i: ["x86_64", "previous", 4],
  m6a: ["x86_64", "current", 4],
  m7i: ["x86_64", "current", 4],
  m7a: ["x86_64", "current", 4],
  m7g: ["arm64", "current", 4],
  r5: ["x86_64", "previous", 8],
  r6i: ["x86_64", "previous", 8],
  r6a: ["x86_64", "current", 8],
  r7i: ["x86_64", "current", 8],
  r7g: ["arm64", "current", 8],
  t3: ["x86_64", "current", 4],
  t4g: ["arm64", "current", 4],
};

/** Size: vCPUs. A family's price grows with its vCPUs; `large` has two. */
const sizes: readonly (readonly [string, number])[] = [
  ["large", 2],
  ["xlarge", 4],
  ["2xlarge", 8],
  ["4xlarge", 16],
  ["8xlarge", 32],
  ["9xlarge", 36],
  ["12xlarge", 48],
  ["16xlarge", 64],
];

/** c5 alone has 9xlarge in place of 8xlarge and no 16xlarge; burstable families end at 2xlarge. */
const exists = (family: string, size: string, vcpu: number): boolean => {
  if (family.startsWith("t")) return vcpu <= 8;
  if (family === "c5") return size !== "8xlarge" && size !== "16xlarge";
  return size !== "9xlarge";
};

const expand = (family: keyof typeof families, [architecture, generation, gibPerVcpu]: Family): InstanceType[] =>
  sizes
    .filter(([size, vcpu]) => exists(family, size, vcpu))
    .map(([size, vcpu]) => ({
      name: `${family}.${size}`,
      family,
      vcpu,
      mib: vcpu * gibPerVcpu * 1024,
      architecture,
      generation,
      burstable: family.startsWith("t"),
      bareMetal: false,
      usdPerHour: Number(((largeUsdPerHour[family] * vcpu) / 2).toFixed(5)),
    }));

export const catalogue: readonly InstanceType[] = (
  Object.entries(families) as [keyof typeof families, Family][]
).flatMap(([name, family]) => expand(name, family));

const byName = new Map(catalogue.map((type) => [type.name, type]));

export const instanceType = (name: string): InstanceType | undefined => byName.get(name);

/**
 * What a spot machine of this type costs in this zone, dollars an hour: a fixed 28 to 48 % of on demand, so that zones
 * differ and runs repeat. Real spot prices move; nothing here depends on when one asks.
 */
export function spotPrice(type: InstanceType, zone: string): number {
  let hash = 7;
  for (const letter of `${type.name}/${zone}`) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  return Number((type.usdPerHour * (0.28 + (hash % 21) / 100)).toFixed(5));
}
