// A launch request as CreateFleet of type `instant` takes it. Source: EC2 API Reference, CreateFleet; EC2 User Guide, "Attribute-based instance type selection".
import type {
  CreateFleetCommandInput,
  FleetLaunchTemplateOverridesRequest,
  InstanceRequirementsRequest,
} from "@aws-sdk/client-ec2";
import type { LaunchRequest } from "../ports/fleet.ts";

/**
 * Price protection: types dearer than the cheapest fitting one by more than this are left out. EC2's own defaults are 100
 * (spot) and 20 (on-demand), but on-demand at 20 leaves no ladder to climb when the cheapest family is used up.
 */
const spotPriceOverLowestPercent = 100;
const onDemandPriceOverLowestPercent = 50;

/** A pattern that names burstable types by name: `t3.large`, `t4g.*`, `t*`. */
const namesBurstable = (pattern: string): boolean => /^t(\d|\*)/.test(pattern);

/** EC2 API Reference, InstanceRequirementsRequest: at most 400 allowed types, or 400 excluded ones. */
const mostTypes = 400;

const avoidedIn = ({ avoid }: LaunchRequest, zone: string | undefined): ReadonlySet<string> =>
  new Set(avoid.filter((pool) => pool.zone === zone).map(({ instanceType }) => instanceType));

/** Names say themselves what they stand for; a wildcard, or none at all, only EC2 can resolve. */
export const namesTypes = ({ allowedTypes }: LaunchRequest): boolean =>
  allowedTypes.length > 0 && allowedTypes.every((pattern) => !pattern.includes("*"));

/**
 * Allowed and excluded types cannot be given both, so of allowed ones those to avoid are left out: by name, which takes the types
 * that wildcards stand for. Beyond 400 the rest is left out too: what is avoided was tried, and so many pools are enough for a further round.
 */
function typesOf(
  request: LaunchRequest,
  zone: string | undefined,
  types: readonly string[] | undefined,
): Pick<InstanceRequirementsRequest, "AllowedInstanceTypes" | "ExcludedInstanceTypes"> {
  const { allowedTypes } = request;
  const avoided = avoidedIn(request, zone);
  if (avoided.size === 0) return allowedTypes.length > 0 ? { AllowedInstanceTypes: [...allowedTypes] } : {};
  if (allowedTypes.length === 0) return { ExcludedInstanceTypes: [...avoided].slice(0, mostTypes) };
  const left = (types ?? allowedTypes).filter((type) => !avoided.has(type));
  return { AllowedInstanceTypes: left.slice(0, mostTypes) };
}

/** What a machine must be, whatever it costs: GetInstanceTypesFromInstanceRequirements takes no price protection. */
export const attributesOf = (
  request: LaunchRequest,
  zone?: string,
  types?: readonly string[],
): InstanceRequirementsRequest => ({
  ...typesOf(request, zone, types),
  VCpuCount: { Min: request.minimum.cpu, Max: request.maximumCpu },
  MemoryMiB: { Min: request.minimum.mmem },
  BareMetal: "excluded",
  // Burstable ones run out of credits in the middle of a job; who asks for them by name gets them.
  BurstablePerformance: request.allowedTypes.some(namesBurstable) ? "included" : "excluded",
});

export const requirementsOf = (
  request: LaunchRequest,
  zone?: string,
  types?: readonly string[],
): InstanceRequirementsRequest => ({
  ...attributesOf(request, zone, types),
  ...(request.usageClass === "spot"
    ? { SpotMaxPricePercentageOverLowestPrice: spotPriceOverLowestPercent }
    : { OnDemandMaxPricePercentageOverLowestPrice: onDemandPriceOverLowestPercent }),
});

/** Without the zones in which all is avoided: their override would allow nothing. Where that is all of them, EC2 is asked once more. */
function withoutEmptyZones(request: LaunchRequest, types: readonly string[] | undefined): LaunchRequest {
  const known = types ?? (request.allowedTypes.length > 0 ? request.allowedTypes : undefined);
  if (request.avoid.length === 0 || known === undefined) return request;
  const subnets = request.subnets.filter(({ zone }) => {
    const avoided = avoidedIn(request, zone);
    return known.some((type) => !avoided.has(type));
  });
  return subnets.length > 0 ? { ...request, subnets } : { ...request, avoid: [] };
}

/**
 * `i-…` machines carry the tags from their first moment, so that none is ever without an owner to sweep it. `types`: all that meet
 * the request, where it avoids some and does not name them itself; without them wildcards stand as they are.
 */
export function createFleetInput(wanted: LaunchRequest, types?: readonly string[]): CreateFleetCommandInput {
  const request = withoutEmptyZones(wanted, types);
  const tags = Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    Type: "instant",
    ClientToken: request.clientToken,
    TargetCapacitySpecification: {
      TotalTargetCapacity: request.count,
      DefaultTargetCapacityType: request.usageClass,
    },
    ...(request.usageClass === "spot"
      ? { SpotOptions: { AllocationStrategy: "price-capacity-optimized" } }
      : { OnDemandOptions: { AllocationStrategy: "lowest-price" } }),
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: request.template.id, Version: request.template.version },
        Overrides: request.subnets.map(({ id, zone }): FleetLaunchTemplateOverridesRequest => ({
          SubnetId: id,
          ImageId: request.imageId,
          InstanceRequirements: requirementsOf(request, zone, types),
          ...(request.usageClass === "spot" && request.spotMaxPrice !== undefined
            ? { MaxPrice: String(request.spotMaxPrice) }
            : {}),
        })),
      },
    ],
    TagSpecifications: [
      { ResourceType: "instance", Tags: tags },
      { ResourceType: "fleet", Tags: tags },
    ],
  };
}
