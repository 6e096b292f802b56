// A launch request as CreateFleet of type `instant` takes it. Source: EC2 API Reference, CreateFleet; EC2 User Guide, "Attribute-based instance type selection".
import type {
  CreateFleetCommandInput,
  FleetLaunchTemplateOverridesRequest,
  InstanceRequirementsRequest,
} from "@aws-sdk/client-ec2";
import type { LaunchRequest } from "../ports.ts";

/**
 * Price protection: types dearer than the cheapest fitting one by more than this are left out. EC2's own defaults are 100
 * (spot) and 20 (on-demand), but on-demand at 20 leaves no ladder to climb when the cheapest family is used up.
 */
const spotPriceOverLowestPercent = 100;
const onDemandPriceOverLowestPercent = 50;

/** A pattern that names burstable types by name: `t3.large`, `t4g.*`, `t*`. */
const namesBurstable = (pattern: string): boolean => /^t(\d|\*)/.test(pattern);

/** Allowed and excluded types cannot be given both: of allowed ones those that are to be avoided are left out by name. */
function typesOf(
  { allowedTypes, avoid }: LaunchRequest,
  zone: string | undefined,
): Pick<InstanceRequirementsRequest, "AllowedInstanceTypes" | "ExcludedInstanceTypes"> {
  const avoided = avoid.filter((pool) => pool.zone === zone).map(({ instanceType }) => instanceType);
  const allowed = allowedTypes.filter((pattern) => !avoided.includes(pattern));
  if (allowedTypes.length > 0) return { AllowedInstanceTypes: allowed.length > 0 ? allowed : [...allowedTypes] };
  return avoided.length > 0 ? { ExcludedInstanceTypes: avoided.slice(0, excludedMost) } : {};
}
/** EC2 API Reference, InstanceRequirementsRequest: at most 400 excluded types. */
const excludedMost = 400;

export const requirementsOf = (request: LaunchRequest, zone?: string): InstanceRequirementsRequest => ({
  ...typesOf(request, zone),
  VCpuCount: { Min: request.minimum.cpu, Max: request.maximumCpu },
  MemoryMiB: { Min: request.minimum.mmem },
  BareMetal: "excluded",
  // Burstable ones run out of credits in the middle of a job; who asks for them by name gets them.
  BurstablePerformance: request.allowedTypes.some(namesBurstable) ? "included" : "excluded",
  ...(request.usageClass === "spot"
    ? { SpotMaxPricePercentageOverLowestPrice: spotPriceOverLowestPercent }
    : { OnDemandMaxPricePercentageOverLowestPrice: onDemandPriceOverLowestPercent }),
});

/** `i-…` machines carry the tags from their first moment, so that none is ever without an owner to sweep it. */
export function createFleetInput(request: LaunchRequest): CreateFleetCommandInput {
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
          InstanceRequirements: requirementsOf(request, zone),
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
