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

export const requirementsOf = (request: LaunchRequest): InstanceRequirementsRequest => ({
  VCpuCount: { Min: request.minimum.cpu, Max: request.maximumCpu },
  MemoryMiB: { Min: request.minimum.mmem },
  BareMetal: "excluded",
  // Burstable ones run out of credits in the middle of a job; who asks for them by name gets them.
  BurstablePerformance: request.allowedTypes.some(namesBurstable) ? "included" : "excluded",
  ...(request.allowedTypes.length > 0 ? { AllowedInstanceTypes: [...request.allowedTypes] } : {}),
  ...(request.usageClass === "spot"
    ? { SpotMaxPricePercentageOverLowestPrice: spotPriceOverLowestPercent }
    : { OnDemandMaxPricePercentageOverLowestPrice: onDemandPriceOverLowestPercent }),
});

/** `i-…` machines carry the tags from their first moment, so that none is ever without an owner to sweep it. */
export function createFleetInput(request: LaunchRequest): CreateFleetCommandInput {
  const tags = Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value }));
  const InstanceRequirements = requirementsOf(request);
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
        Overrides: request.subnets.map(({ id }): FleetLaunchTemplateOverridesRequest => ({
          SubnetId: id,
          ImageId: request.imageId,
          InstanceRequirements,
        })),
      },
    ],
    TagSpecifications: [
      { ResourceType: "instance", Tags: tags },
      { ResourceType: "fleet", Tags: tags },
    ],
  };
}
