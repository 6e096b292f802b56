// Why CreateFleet launched fewer: EC2's many codes as the few kinds that call for different answers.
import type { LaunchFailure } from "../ports.ts";

/** EC2 API Reference, "Error codes" (server and client), and what instant fleets report in `Errors`. */
const kinds: Readonly<Record<string, LaunchFailure["kind"]>> = {
  InsufficientInstanceCapacity: "no-capacity",
  InsufficientCapacity: "no-capacity",
  InsufficientHostCapacity: "no-capacity",
  InsufficientReservedInstanceCapacity: "no-capacity",
  InsufficientFreeAddressesInSubnet: "no-capacity",
  UnfulfillableCapacity: "no-capacity",
  // The type is not offered in that zone: another zone or type may do.
  Unsupported: "no-capacity",
  SpotMaxPriceTooLow: "no-capacity",
  IdempotentParameterMismatch: "token-used",
  RequestLimitExceeded: "throttled",
  Throttling: "throttled",
  ThrottlingException: "throttled",
  EC2ThrottledException: "throttled",
  VcpuLimitExceeded: "quota",
  InstanceLimitExceeded: "quota",
  MaxSpotInstanceCountExceeded: "quota",
  MaxSpotFleetRequestCountExceeded: "quota",
  FleetRequestLimitExceeded: "quota",
  AttachmentLimitExceeded: "quota",
  VolumeLimitExceeded: "quota",
  MaxIOPSLimitExceeded: "quota",
};

/** EC2 does not document its words for it. */
const saysNoType = /no instance types? (satisf|match|meet)/i;

export function failureOf(code: string, message: string): LaunchFailure {
  const reason = `${code}: ${message}`;
  if (saysNoType.test(message)) return { kind: "no-type", reason };
  return { kind: kinds[code] ?? "refused", reason };
}

/** Each reason once a capacity pool: a fleet reports the same of every override that it tried. */
export function distinct(failures: readonly LaunchFailure[]): readonly LaunchFailure[] {
  const nameOf = ({ kind, reason, pool }: LaunchFailure): string =>
    `${kind} ${reason} ${pool === undefined ? "" : `${pool.instanceType} ${pool.zone}`}`;
  const byReason = new Map(failures.map((failure) => [nameOf(failure), failure]));
  return [...byReason.values()];
}
