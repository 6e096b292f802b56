// Why a provision has fewer instances than were asked for, as data; and the one place in which it is put into words.
import type { LaunchFailure } from "../../cloud/ports/fleet.ts";
import { brakeWords, type Brake } from "../../domain/brake.ts";
import { limits } from "../../domain/limits.ts";
import { wordsOfReport, type InstanceRecord, type Signal } from "../../domain/record.ts";
import { wordsOfGone, type Gone } from "./machines.ts";

/** Why an instance that was taken counts no more. */
export type Loss =
  | { readonly code: "no-record" | "not-own" | "retired" | "expired" | "asked-to-leave" | "unanswered" | "not-ready" }
  | { readonly code: "damaged"; readonly problem: string }
  | { readonly code: "condemned"; readonly reason: string | undefined }
  /** Its agent has said so. */
  | { readonly code: "failed"; readonly signal: Signal }
  | { readonly code: "spoilt"; readonly attributes: readonly string[] }
  | { readonly code: "silent"; readonly ms: number }
  | { readonly code: "gone"; readonly gone: Gone };

const advice = {
  "no-capacity": "no capacity: allow more instance types or zones, or let `fallback` take on-demand",
  "no-type": "no type matches: widen `allowed-instance-types`, or choose another `resource-class` or `architecture`",
  quota: "quota: `runpool doctor` names the vCPU quota to raise at Service Quotas",
} as const satisfies Partial<Record<LaunchFailure["kind"], string>>;
type Advised = keyof typeof advice;

export interface LaunchReason extends Pick<LaunchFailure, "kind" | "reason"> {
  readonly code: "launch";
  readonly rung: string;
}

export interface InstanceReason extends Pick<InstanceRecord, "instanceId" | "instanceType" | "zone"> {
  readonly code: "instance";
  readonly loss: Loss;
  /** Its agent's last in this assignment. */
  readonly signal: Signal | undefined;
}

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
  | { readonly code: "advice"; readonly on: Advised };

export const reasonOf = (record: InstanceRecord, loss: Loss): InstanceReason => {
  const { instanceId, instanceType, zone, signal, assignment } = record;
  return {
    code: "instance",
    instanceId,
    instanceType,
    zone,
    loss,
    signal: signal?.assignment === assignment ? signal : undefined,
  };
};

const same = (one: Reason, other: Reason): boolean => JSON.stringify(one) === JSON.stringify(other);
export const isAmong = (reasons: readonly Reason[], one: Reason): boolean => reasons.some((other) => same(one, other));

/** A reason of a part of refresh's work. */
export interface ReasonAbout {
  readonly about: string;
  readonly reason: Reason;
}

/** What may be done about such reasons, once each. */
export const adviceOn = (reasons: readonly Reason[]): readonly Reason[] =>
  (Object.keys(advice) as Advised[])
    .filter((on) => reasons.some((reason) => reason.code === "launch" && reason.kind === on))
    .map((on) => ({ code: "advice", on }));

/** Which attributes hold what no agent of ours writes. */
export const wordsOfSpoilt = (attributes: readonly string[]): string =>
  `its instance has written what no agent writes: ${attributes.join(", ")}`;

export function wordsOfLoss(loss: Loss): string {
  switch (loss.code) {
    case "no-record":
      return "its record is gone";
    case "not-own":
      return "it is no longer this provision's own";
    case "retired":
      return "its agent ended it";
    case "expired":
      return "it was not ready by its threshold";
    case "asked-to-leave":
      return "it was asked to leave";
    case "unanswered":
      return `claimed, and has not begun to register for ${limits.claimAnswerMs / 1000} s`;
    case "not-ready":
      return "it was not ready in time";
    case "damaged":
      return `its record is damaged: ${loss.problem}`;
    case "condemned":
      return `it was condemned: ${loss.reason ?? "no reason given"}`;
    case "failed":
      return [loss.signal.kind, wordsOfReport(loss.signal) ?? []].flat().join(": ");
    case "spoilt":
      return wordsOfSpoilt(loss.attributes);
    case "silent":
      return `no heartbeat for ${Math.round(loss.ms / 1000)} s`;
    case "gone":
      return wordsOfGone(loss.gone);
  }
}

/** How far it came: the agent's last signal, the first line of what it said with it. */
function wordsOfLast(signal: Signal | undefined): string {
  if (signal === undefined) return "last signal: none";
  const [said] = wordsOfReport(signal)?.split("\n") ?? [];
  return `last signal: ${signal.kind}${said === undefined ? "" : ` (${said})`}`;
}

/**
 * Which instance, why, how far it came, and where to read what it printed before it could say anything of itself: EC2 keeps that for
 * an hour after its end.
 */
function wordsOfInstance({ instanceId, instanceType, zone, loss, signal }: InstanceReason): string {
  const told = loss.code === "failed" ? "" : `; ${wordsOfLast(signal)}`;
  const console = `aws ec2 get-console-output --latest --instance-id ${instanceId}`;
  return `${instanceId} (${instanceType}, ${zone}): ${wordsOfLoss(loss)}${told}; its console: ${console}`;
}

export function wordsOfReason(reason: Reason): string {
  switch (reason.code) {
    case "paused":
      return `provisioning is paused: ${reason.reason} (\`runpool resume\` ends the pause)`;
    case "overlay":
      return `the overlay cannot be used (refresh's inputs write another): ${reason.problem}`;
    case "released":
      return "released while it was provisioned: its instances were asked to leave (a release job waits for the provision job by its `needs`)";
    case "cancelled":
      return "cancelled: everything taken was given back";
    case "launch":
      return `${reason.rung}: ${reason.kind}: ${reason.reason}`;
    case "braked":
      return brakeWords(reason.brake);
    case "failed-launches":
      return `${reason.machines} new instances failed to become ready; not launching more (check the image and the pre-runner script)`;
    case "instance":
      return wordsOfInstance(reason);
    case "out-of-time":
      return `${reason.missing} of ${reason.count} instances were not ready in time`;
    case "full": {
      const { scope, maximum, holders } = reason;
      const said = `the maximum of ${maximum} instances (${scope}) is reached`;
      if (holders === undefined) return said;
      const held = holders.map(([who, instances]) => `${who} (${instances})`).join(", ");
      return `${said}; held by ${held}: release them, or raise the maximum (limits in the environment's file)`;
    }
    case "error":
      return reason.problem;
    case "advice":
      return advice[reason.on];
  }
}
