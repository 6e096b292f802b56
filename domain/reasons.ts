// Why something was not given, is ended, or could not be done: codes and facts. entry/words puts them into words.
import type { Brake } from "./brake.ts";
import type { InstanceRecord, Signal, State } from "./record.ts";

export type MachineState = "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";

/** EC2 shows that a machine has ended, or is about to. */
export interface Gone {
  readonly code: "gone";
  /** `unknown`: EC2 does not show it at all, after its grace. */
  readonly by: "unknown" | Exclude<MachineState, "pending" | "running">;
  /** AWS's words on why it ended. */
  readonly reason?: string;
}

/** Why an instance is not handed on any more. */
export type Stale =
  | { readonly code: "used-up"; readonly uses: number; readonly most: number }
  | { readonly code: "aged"; readonly mostMs: number }
  | { readonly code: "class-retired"; readonly resourceClass: string }
  | { readonly code: "configuration-replaced" }
  | { readonly code: "not-deployed"; readonly machine: string }
  | { readonly code: "template-replaced"; readonly version: string; readonly wanted: string }
  | { readonly code: "image-replaced"; readonly imageId: string; readonly wanted: string }
  | { readonly code: "disk-full"; readonly free: number }
  /** GitHub soon gives its runner no more jobs. */
  | { readonly code: "runner-outdated"; readonly version: string; readonly newer: string }
  | { readonly code: "spoilt"; readonly attributes: readonly string[] };

/** Why an instance that was taken counts no more, is ended, or is due for something at a refresh. A record keeps the one it was condemned by. */
export type Cause =
  | Gone
  | Stale
  /** Its agent ended it. */
  | { readonly code: "retired" }
  | { readonly code: "expired"; readonly state: State }
  | { readonly code: "silent"; readonly ms: number }
  /** By its provision, before it was up. */
  | { readonly code: "given-back" }
  /** Asked to leave: no answer, and not registered at the forge. */
  | { readonly code: "unacknowledged" }
  /** Made for its owner alone, which needs it no more. */
  | { readonly code: "owner-done" }
  | { readonly code: "operator"; readonly reason: string }
  // Of a provision's own:
  | { readonly code: "no-record" | "not-own" | "asked-to-leave" | "unanswered" | "not-ready" }
  | { readonly code: "damaged"; readonly problem: string }
  | { readonly code: "condemned"; readonly cause?: Cause }
  /** Its agent reported it. */
  | { readonly code: "failed"; readonly signal: Signal }
  // Of refresh:
  | { readonly code: "running-on"; readonly late: boolean }
  | { readonly code: "left" | "job-over" | "no-owner" | "unrecorded" | "too-old" | "not-condemnable" }
  | { readonly code: "leave-unanswered" | "hung"; readonly ms: number };

/**
 * `no-type`: no instance type meets the request at all. `no-capacity`: types do, AWS has none now. `token-used`: the client token
 * was used with another request: this round was asked for before, by a provision that died. `unknown`: a code that nobody has met, which
 * may pass. `refused`: only codes that are known to be final.
 */
export type LaunchFailureKind =
  | "no-type"
  | "no-capacity"
  | "throttled"
  | "quota"
  | "token-used"
  | "unknown"
  | "refused";

/** What was asked of EC2: what was wanted, or more where that had no capacity. */
export type RungName = "as-asked" | "siblings" | "one-size-up" | "on-demand";

export interface LaunchReason {
  readonly code: "launch";
  readonly rung: RungName;
  readonly kind: LaunchFailureKind;
  /** AWS's code and words. */
  readonly reason: string;
}

export interface InstanceReason extends Pick<InstanceRecord, "instanceId" | "instanceType" | "zone"> {
  readonly code: "instance";
  readonly cause: Cause;
  /** Its agent's last in this assignment. */
  readonly signal: Signal | undefined;
}

/** Why there are fewer instances than were asked for. */
export type Reason =
  | { readonly code: "paused"; readonly reason: string }
  | { readonly code: "overlay"; readonly problem: string }
  | { readonly code: "released" | "cancelled" }
  | LaunchReason
  | { readonly code: "braked"; readonly brake: Brake }
  /** Of this provision's own new machines. */
  | { readonly code: "failed-launches"; readonly machines: number }
  | InstanceReason
  | { readonly code: "out-of-time"; readonly missing: number; readonly count: number }
  | {
      readonly code: "full";
      readonly scope: string;
      readonly maximum: number | undefined;
      /** Who has most of them, where that was looked up. */
      readonly holders?: readonly (readonly [who: string, instances: number])[];
    }
  | { readonly code: "error"; readonly problem: string }
  | { readonly code: "advice"; readonly on: "no-capacity" | "no-type" | "quota" };

/** A part of refresh's work, and what of it. */
export interface Part {
  readonly part:
    | "schedules"
    | "tokens"
    | "machines"
    | "runners"
    | "counters"
    | "just-in-time configurations"
    | "facts"
    | "image"
    | "instance"
    | "confirmation"
    | "requeue"
    | "ghosts"
    | "brakes"
    | "idle floor"
    | "re-run"
    | "retired class"
    | "recount";
  /** A scope, a class, a repository, an instance … */
  readonly of?: string;
  readonly run?: string;
}

/** What refresh could not do. */
export type Problem =
  | (Part & { readonly code: "failed"; readonly error: string })
  | (Part & { readonly code: "short"; readonly reason: Reason })
  | { readonly code: "overlay"; readonly problem: string }
  | { readonly code: "braked"; readonly brake: Brake }
  | { readonly code: "token"; readonly partition: string; readonly error: string }
  /** Of a class that nobody may ask for. */
  | {
      readonly code: "floor-ignored";
      readonly pool: string;
      readonly resourceClass: string;
      readonly retired: boolean;
    };
