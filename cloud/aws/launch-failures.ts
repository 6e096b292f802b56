// Why CreateFleet launched fewer: EC2's many codes as the few kinds that call for different answers.
import type { LaunchFailure } from "../ports/fleet.ts";

type Kind = LaunchFailure["kind"];

/** Codes of one answer. EC2 API Reference, "Error codes" (server and client), and what instant fleets report in `Errors`. */
const codes: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  "no-capacity": [
    "InsufficientInstanceCapacity",
    "InsufficientCapacity",
    "InsufficientCapacityOnHost",
    "InsufficientHostCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientFreeAddressesInSubnet",
    "UnfulfillableCapacity",
    // The type is not offered in that zone: another zone or type may do.
    "Unsupported",
    "UnsupportedOperation",
    "SpotMaxPriceTooLow",
  ],
  "token-used": ["IdempotentParameterMismatch"],
  // They pass: EC2 is busy, or has had a fault of its own.
  throttled: [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "EC2ThrottledException",
    "RequestThrottled",
    "BandwidthLimitExceeded",
    "InternalError",
    "InternalFailure",
    "ServerInternal",
    "Unavailable",
    "ServiceUnavailable",
    "RequestTimeout",
    "RequestExpired",
    "ConcurrentTagAccess",
  ],
  quota: [
    "VcpuLimitExceeded",
    "InstanceLimitExceeded",
    "ResourceLimitExceeded",
    "TargetCapacityLimitExceeded",
    "TargetCapacityLimitExceededException",
    "MaxSpotInstanceCountExceeded",
    "MaxSpotFleetRequestCountExceeded",
    "FleetRequestLimitExceeded",
    "AttachmentLimitExceeded",
    "VolumeLimitExceeded",
    "MaxIOPSLimitExceeded",
  ],
  // Only people can mend these: a right, an account, a part that is gone or written wrongly.
  refused: [
    "UnauthorizedOperation",
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
    "Blocked",
    "OptInRequired",
    "PendingVerification",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "ExpiredToken",
    "ExpiredTokenException",
    "MissingAction",
    "MissingParameter",
    "UnknownParameter",
    "ValidationError",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidFleetConfig",
    "InvalidFleetConfiguration",
    "InvalidInstanceRequirements",
    "InvalidAMIID.Malformed",
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidBlockDeviceMapping",
    "InvalidGroup.NotFound",
    "InvalidIamInstanceProfileArn.Malformed",
    "InvalidKeyPair.NotFound",
    "InvalidLaunchTemplateId.Malformed",
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.VersionNotFound",
    "InvalidLaunchTemplateName.NotFoundException",
    "InvalidSecurityGroupID.NotFound",
    "InvalidSnapshot.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidSubnet.NotFound",
    "VPCIdNotSpecified",
  ],
};
const kinds = new Map(
  Object.entries(codes).flatMap(([kind, named]) => named.map((code): [string, Kind] => [code, kind as Kind])),
);

/** EC2 does not document this message. */
const saysNoType = /no instance types? (satisf|match|meet)/i;
/** Of one type in one zone, under codes that say something else of a whole request (`InvalidFleetConfiguration`, `InvalidParameterValue`). */
const saysNotThere = /not supported in your requested availability zone|not offered in/i;

/** With AWS's own code. */
export interface FleetFailure extends LaunchFailure {
  readonly code: string;
}

/** An unknown code may be temporary, or specific to a type or zone: only codes known to be final count as final. */
export function failureOf(code: string, message: string): FleetFailure {
  const reason = `${code}: ${message}`;
  if (saysNoType.test(message)) return { code, kind: "no-type", reason };
  if (saysNotThere.test(message)) return { code, kind: "no-capacity", reason };
  return { code, kind: kinds.get(code) ?? "unknown", reason };
}

/** Each reason once a capacity pool: a fleet reports the same of every override that it tried. */
export function distinct(failures: readonly FleetFailure[]): readonly LaunchFailure[] {
  const nameOf = ({ kind, reason, pool }: LaunchFailure): string =>
    `${kind} ${reason} ${pool === undefined ? "" : `${pool.instanceType} ${pool.zone}`}`;
  const byReason = new Map(
    failures.map(({ kind, reason, pool }): [string, LaunchFailure] => {
      const failure = { kind, reason, ...(pool === undefined ? {} : { pool }) };
      return [nameOf(failure), failure];
    }),
  );
  return [...byReason.values()];
}
