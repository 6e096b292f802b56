// Machines: launched, described and ended.
import type { Architecture, UsageClass } from "../../domain/record.ts";
import type { LaunchFailureKind, MachineState } from "../../domain/reasons.ts";
import type { ResourceClass } from "../../domain/resource-class.ts";
import type { EpochMs } from "./clock.ts";
import type { Unknown } from "./outcomes.ts";

export interface LaunchRequest {
  readonly count: number;
  /** Answers for a day with its first result: (environment, run, attempt, provision id, id of its beginning, round). */
  readonly clientToken: string;
  readonly template: { readonly id: string; readonly version: string };
  readonly imageId: string;
  /** At most one subnet an availability zone, in the order to prefer. */
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
  readonly minimum: ResourceClass;
  /** The most vCPUs that a machine may have: a request for 2 must not get 64. */
  readonly maximumCpu: number;
  /** The most to pay for a spot machine, USD an hour; absent = up to its on-demand price. */
  readonly spotMaxPrice?: number;
  readonly architecture: Architecture;
  readonly usageClass: UsageClass;
  /** Names and wildcards; none = every type that meets the minimum. */
  readonly allowedTypes: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Capacity pools that had nothing a moment ago: EC2 stops after three that fail, so they are better not tried again. */
  readonly avoid: readonly CapacityPool[];
}

export interface CapacityPool {
  readonly instanceType: string;
  readonly zone: string;
}

export interface Launched {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly cpu: number;
  readonly mmem: number;
  readonly zone: string;
  readonly usageClass: UsageClass;
}

export interface LaunchFailure {
  readonly kind: LaunchFailureKind;
  /** AWS's code and words. */
  readonly reason: string;
  /** The capacity pool that failed, where AWS names it. */
  readonly pool?: CapacityPool;
}

export interface LaunchOutcome {
  readonly kind: "answered";
  readonly launched: readonly Launched[];
  /** Why fewer were launched than asked for. */
  readonly failures: readonly LaunchFailure[];
}

export interface MachineSeen {
  readonly instanceId: string;
  readonly state: MachineState;
  readonly launchedAt: EpochMs;
  /** Its availability zone, and its architecture where that is one of ours: as EC2 says; the in-process world says neither. */
  readonly zone?: string;
  readonly architecture?: Architecture;
  readonly tags: Readonly<Record<string, string>>;
  /** AWS's words on why it ended. */
  readonly reason?: string;
}

export interface Fleet {
  /** The image that an SSM parameter names now. */
  image(parameter: string): Promise<string>;
  /** One CreateFleet `instant`. */
  launch(request: LaunchRequest): Promise<LaunchOutcome | Unknown>;
  /** The state of these machines; one that EC2 does not know is absent. */
  describe(instanceIds: readonly string[]): Promise<ReadonlyMap<string, MachineSeen>>;
  /** Every machine that is not terminated and carries this environment's tags. */
  ours(): Promise<readonly MachineSeen[]>;
  /** Asks EC2 to end them; returns the ids that it refused, with the reason. Unknown ids count as accepted. */
  terminate(instanceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}
