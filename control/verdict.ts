// Judging an instance that a provision has taken: ready, still on its way, or lost and why. Pure.
import { limits } from "../domain/limits.ts";
import type { InstanceRecord, SignalKind } from "../domain/record.ts";
import type { Condemnation } from "./condemn.ts";

export type Verdict =
  | { readonly kind: "ready" }
  | {
      readonly kind: "pending";
      /** No fresh heartbeat: EC2 is asked whether the machine lives. */ readonly quiet: boolean;
    }
  | { readonly kind: "lost"; readonly why: string; readonly condemn: Condemnation | undefined };

const failures: ReadonlySet<SignalKind> = new Set([
  "prepare-failed",
  "register-failed",
  "listener-lost",
  "interrupted",
]);

const lost = (why: string, condemn?: Condemnation): Verdict => ({ kind: "lost", why, condemn });

/** Why an instance is lost to a provision whose run has been released. */
export const released = { leaving: "it was asked to leave", gone: "it is no longer this provision's own" } as const;

/** `claimId`: the caller's own claim. */
export function verdictOf(record: InstanceRecord | undefined, claimId: string, now: number): Verdict {
  if (record === undefined) return lost("its record is gone");
  if (record.state === "terminating" || record.state === "terminated")
    return lost(`it was condemned: ${record.reason ?? "no reason given"}`);
  if (record.claimId !== claimId) return lost(released.gone);
  if (record.retiredAt !== undefined) return lost("its agent ended it", "condemn-retired");
  if (record.threshold <= now) return lost("it was not ready by its threshold", "condemn-expired");
  if (record.wanted === "leave") return lost(released.leaving);
  const signal = record.signal?.assignment === record.assignment ? record.signal : undefined;
  if (signal !== undefined && failures.has(signal.kind))
    return lost(`${signal.kind}${signal.detail === undefined ? "" : `: ${signal.detail}`}`, "condemn-unregistered");
  const age = record.heartbeatAt === undefined ? undefined : now - record.heartbeatAt;
  if (age !== undefined && age > limits.silentHeartbeatMs)
    return lost(`no heartbeat for ${Math.round(age / 1000)} s`, "condemn-unregistered");
  const fresh = age !== undefined && age < limits.freshHeartbeatMs;
  if (signal?.kind === "registered" && fresh) return { kind: "ready" };
  return { kind: "pending", quiet: !fresh };
}

/** How far it came in this assignment: the agent's last signal, the first line of what it said with it. */
export const lastSignal = ({ signal, assignment }: InstanceRecord): string => {
  if (signal?.assignment !== assignment) return "last signal: none";
  const [said] = signal.detail?.split("\n") ?? [];
  return `last signal: ${signal.kind}${said === undefined ? "" : ` (${said})`}`;
};
