// Judging an instance that a provision has taken: ready, still on its way, or lost and why. Pure.
import { limits } from "../../domain/limits.ts";
import { isPast } from "../../domain/needs.ts";
import type { Cause } from "../../domain/reasons.ts";
import { heartbeatAge, type InstanceRecord, type SignalKind } from "../../domain/record.ts";
import type { Condemnation } from "./condemn.ts";

export type Verdict =
  | { readonly kind: "ready" }
  | {
      readonly kind: "pending";
      /** No fresh heartbeat: EC2 is asked whether the machine lives. */ readonly quiet: boolean;
    }
  | {
      readonly kind: "lost";
      readonly cause: Cause;
      readonly condemn: Condemnation | undefined;
      /** Somebody else asked it to leave: its run is released, or the environment drained. */
      readonly released: boolean;
    };

const failures: ReadonlySet<SignalKind> = new Set([
  "prepare-failed",
  "register-failed",
  "listener-lost",
  "interrupted",
]);

const onItsWay: ReadonlySet<SignalKind | undefined> = new Set<SignalKind>(["registering", "registered"]);

/** `claimId`: the caller's own claim, under which it has asked nothing to leave; `claimedAt`: when it was taken. */
export function verdictOf(
  record: InstanceRecord | undefined,
  claimId: string,
  now: number,
  claimedAt: number = Number.POSITIVE_INFINITY,
): Verdict {
  // What has left before the caller looked is idle, or serves another.
  const released = record?.wanted === "leave" || (record !== undefined && isAnothers(record, claimId));
  const lost = (cause: Cause, condemn?: Condemnation): Verdict => ({ kind: "lost", cause, condemn, released });
  if (record === undefined) return lost({ code: "no-record" });
  if (record.state === "terminating" || record.state === "terminated")
    return lost({ code: "condemned", ...(record.reason === undefined ? {} : { cause: record.reason }) });
  if (isAnothers(record, claimId)) return lost({ code: "not-own" });
  if (record.retiredAt !== undefined) return lost({ code: "retired" }, "condemn-retired");
  if (isPast(record, now)) return lost({ code: "expired", state: record.state }, "condemn-expired");
  if (record.wanted === "leave") return lost({ code: "asked-to-leave" });
  const signal = record.signal?.assignment === record.assignment ? record.signal : undefined;
  if (signal !== undefined && failures.has(signal.kind))
    return lost({ code: "failed", signal }, "condemn-unregistered");
  if (record.spoilt !== undefined) return lost({ code: "spoilt", attributes: record.spoilt }, "condemn-unregistered");
  const age = heartbeatAge(record, now);
  if (age !== undefined && age > limits.silentHeartbeatMs)
    return lost({ code: "silent", ms: age }, "condemn-unregistered");
  const fresh = age !== undefined && age < limits.freshHeartbeatMs;
  if (signal?.kind === "registered" && fresh) return { kind: "ready" };
  // That it beats proves nothing: one that hangs, or that somebody else commands, is not waited for until the provision's end.
  if (record.state === "claimed" && now - claimedAt > limits.claimAnswerMs && !onItsWay.has(signal?.kind))
    return lost({ code: "unanswered" }, "condemn-unregistered");
  return { kind: "pending", quiet: !fresh };
}

/** What has ended is nobody's. */
const isAnothers = ({ state, claimId }: InstanceRecord, own: string): boolean =>
  state !== "terminating" && state !== "terminated" && claimId !== own;
