// A machine of the world, as it is in truth: what EC2 says of it, what runs on it, what becomes of it.
import type { Interruption } from "../../cloud/ports/metadata.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { MachineState } from "../../domain/reasons.ts";
import type { UsageClass } from "../../domain/record.ts";
import type { InstanceType } from "../../sim/ec2/catalogue.ts";
import type { Job } from "./forge.ts";
import type { Process } from "./process.ts";

/** The folder of one assignment's runner, and the listener that was started from it. */
export interface RunnerRoot {
  readonly assignment: number;
  readonly partition: string;
  readonly name: string;
  /** Its id at GitHub, once configured. */
  registration: number | undefined;
  listener: "none" | "starting" | "online" | "exited";
  exitCode: number | undefined;
  /** Counts its stops: what was begun before one does not go on after it. */
  stops: number;
}

export interface Machine {
  readonly instanceId: string;
  /** Its record's key, whether it has a record or not. */
  readonly key: string;
  readonly type: InstanceType;
  readonly zone: string;
  readonly usageClass: UsageClass;
  readonly launchedAt: EpochMs;
  readonly tags: Readonly<Record<string, string>>;
  /** Its clock is this far ahead, ms. */
  readonly skewMs: number;
  /** EC2's other replicas do not know it before. */
  readonly knownFrom: EpochMs;
  state: MachineState;
  reason: string | undefined;
  endedAt: EpochMs | undefined;
  /** Since when nothing runs on it any more. */
  downSince: EpochMs | undefined;
  /** Nothing moves on it any more, though EC2 says running. */
  hung: boolean;
  /** A fault of the machine has hit it or will: nobody is to blame for its jobs and its readiness. */
  disturbed: boolean;
  /** Somebody else than us commands it, as root or by user data of its own: nothing but EC2 ends it. */
  taken: { stop(): void } | undefined;
  notice: Interruption | undefined;
  /** It reaches neither AWS nor GitHub between these. */
  cutOff: { readonly from: EpochMs; readonly to: EpochMs } | undefined;
  prepared: { readonly outcome: "prepared" | "failed"; readonly at: EpochMs } | undefined;
  /** The agent has said that it is ready, since boot. */
  ready: boolean;
  root: RunnerRoot | undefined;
  job: Job | undefined;
  /** Free share of its disk. */
  diskFree: number;
  /** Jobs begun since boot. */
  jobs: number;
  agent: Process | undefined;
  /** Ends the agent's present wait. */
  wake: () => void;
  deadline: { readonly at: EpochMs; cancel(): void } | undefined;
  /** Assignments of which a listener has been online. */
  readonly served: Set<number>;
}

/** Software can run on it. */
export const isUp = (machine: Machine): boolean => machine.state === "running" && !machine.hung;
/** It runs, or is about to. */
export const isAlive = (machine: Machine): boolean => machine.state === "pending" || machine.state === "running";

/** It costs: a stopped one its disks. */
export const isPaidFor = ({ state }: Machine): boolean => state !== "shutting-down" && state !== "terminated";

export const isCutOff = ({ cutOff }: Machine, now: EpochMs): boolean =>
  cutOff !== undefined && now >= cutOff.from && now < cutOff.to;
