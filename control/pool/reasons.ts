// Reasons as data: an instance's own, and which are the same.
import type { Cause, InstanceReason, Reason } from "../../domain/reasons.ts";
import type { InstanceRecord } from "../../domain/record.ts";

export const reasonOf = (record: InstanceRecord, cause: Cause): InstanceReason => {
  const { instanceId, instanceType, zone, signal, assignment } = record;
  const last = signal?.assignment === assignment ? signal : undefined;
  return { code: "instance", instanceId, instanceType, zone, cause, signal: last };
};

export const isAmong = <One>(all: readonly One[], one: One): boolean =>
  all.some((other) => JSON.stringify(other) === JSON.stringify(one));

/** What may be done about such reasons, once each. */
export const adviceOn = (reasons: readonly Reason[]): readonly Reason[] =>
  (["no-capacity", "no-type", "quota"] as const)
    .filter((on) => reasons.some((reason) => reason.code === "launch" && reason.kind === on))
    .map((on) => ({ code: "advice", on }));
