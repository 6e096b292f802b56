// One machine and its life: what it is, and in which state it is at a moment.
import type { InstanceType } from "./catalogue.ts";
import type { Market } from "./capacity.ts";
import type { Tags } from "./world.ts";

/** Codes as in EC2 API Reference, InstanceState. */
export const stateCodes = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;
export type MachineState = keyof typeof stateCodes;

export interface MetadataOptions {
  readonly httpTokens: "required" | "optional";
  readonly hopLimit: number;
  readonly httpEndpoint: "enabled" | "disabled";
  readonly tagsInMetadata: boolean;
}

export interface BlockDevice {
  readonly name: string;
  readonly volumeId: string;
  readonly deleteOnTermination: boolean;
}

/** Why and how a machine ends. */
export interface End {
  readonly at: number;
  readonly to: "terminated" | "stopped";
  /** EC2's StateReason, e.g. `Client.UserInitiatedShutdown`, and its words. */
  readonly code: string;
  readonly message: string;
  /** EC2's StateTransitionReason. */
  readonly transition: string;
}

export interface Machine {
  readonly id: string;
  readonly reservationId: string;
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly privateIp: string;
  readonly imageId: string;
  readonly type: InstanceType;
  readonly market: Market;
  readonly launchedAt: number;
  readonly bootMs: number;
  readonly shutdownMs: number;
  /** EC2 calls it running, but nothing runs on it. */
  readonly hung: boolean;
  /** Base64, as the launch template has it. */
  readonly userData: string | undefined;
  /** ARN of the instance profile. */
  readonly profileArn: string | undefined;
  readonly keyName: string | undefined;
  readonly securityGroupIds: readonly string[];
  readonly metadata: MetadataOptions;
  readonly shutdownBehavior: "stop" | "terminate";
  readonly protectedFromTermination: boolean;
  readonly blockDevices: readonly BlockDevice[];
  readonly clientToken: string | undefined;
  readonly launchIndex: number;
  readonly templateId: string | undefined;
  readonly tags: Tags;
  end: End | undefined;
  /** When spot takes it back (its instance-action is visible from the notice on). */
  spotNotice: { readonly noticedAt: number; readonly takenAt: number } | undefined;
  /** Status checks fail: its hardware died and EC2 has not ended it. */
  impaired: boolean;
  console: string;
}

export function stateOf(machine: Machine, now: number): MachineState {
  const { end } = machine;
  if (end !== undefined && now >= end.at) {
    const over = now >= end.at + machine.shutdownMs;
    if (end.to === "stopped") return over ? "stopped" : "stopping";
    return over ? "terminated" : "shutting-down";
  }
  return now < machine.launchedAt + machine.bootMs ? "pending" : "running";
}

/** Pending or running: it counts against quotas and can still be ended. */
export const isUp = (machine: Machine, now: number): boolean => {
  const state = stateOf(machine, now);
  return state === "pending" || state === "running";
};

/** Whether Describe calls show it: not yet when just launched (when so set), no longer an hour after its end. */
export const isDescribed = (
  machine: Machine,
  now: number,
  faults: { readonly unknownForMs: number; readonly describedForMs: number },
): boolean => {
  if (now < machine.launchedAt + faults.unknownForMs) return false;
  const { end } = machine;
  if (end === undefined || end.to === "stopped") return true;
  return now < end.at + machine.shutdownMs + faults.describedForMs;
};
