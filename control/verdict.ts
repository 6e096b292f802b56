// Judging an instance that a provision has taken: ready, still on its way, or lost and why. Pure.
import { limits } from "../domain/limits.ts";
import { isPast } from "../domain/needs.ts";
import { heartbeatAge, wordsOfReport, type InstanceRecord, type SignalKind } from "../domain/record.ts";
import type { Condemnation } from "./condemn.ts";

export type Verdict =
  | { readonly kind: "ready" }
  | {
      readonly kind: "pending";
      /** No fresh heartbeat: EC2 is asked whether the machine lives. */ readonly quiet: boolean;
    }
  | {
      readonly kind: "lost";
      readonly why: string;
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
  const lost = (why: string, condemn?: Condemnation): Verdict => ({ kind: "lost", why, condemn, released });
  if (record === undefined) return lost("its record is gone");
  if (record.state === "terminating" || record.state === "terminated")
    return lost(`it was condemned: ${record.reason ?? "no reason given"}`);
  if (isAnothers(record, claimId)) return lost("it is no longer this provision's own");
  if (record.retiredAt !== undefined) return lost("its agent ended it", "condemn-retired");
  if (isPast(record, now)) return lost("it was not ready by its threshold", "condemn-expired");
  if (record.wanted === "leave") return lost("it was asked to leave");
  const signal = record.signal?.assignment === record.assignment ? record.signal : undefined;
  if (signal !== undefined && failures.has(signal.kind))
    return lost([signal.kind, wordsOfReport(signal) ?? []].flat().join(": "), "condemn-unregistered");
  if (record.spoilt !== undefined) return lost(spoiltWords(record.spoilt), "condemn-unregistered");
  const age = heartbeatAge(record, now);
  if (age !== undefined && age > limits.silentHeartbeatMs)
    return lost(`no heartbeat for ${Math.round(age / 1000)} s`, "condemn-unregistered");
  const fresh = age !== undefined && age < limits.freshHeartbeatMs;
  if (signal?.kind === "registered" && fresh) return { kind: "ready" };
  // That it beats proves nothing: one that hangs, or that somebody else commands, is not waited for until the provision's end.
  if (record.state === "claimed" && now - claimedAt > limits.claimAnswerMs && !onItsWay.has(signal?.kind))
    return lost(`claimed, and has not begun to register for ${limits.claimAnswerMs / 1000} s`, "condemn-unregistered");
  return { kind: "pending", quiet: !fresh };
}

/** For people: which attributes hold what no agent of ours writes. */
export const spoiltWords = (spoilt: readonly string[]): string =>
  `its instance has written what no agent writes: ${spoilt.join(", ")}`;

/** What has ended is nobody's, whoever ended it. */
const isAnothers = ({ state, claimId }: InstanceRecord, own: string): boolean =>
  state !== "terminating" && state !== "terminated" && claimId !== own;

/** How far it came in this assignment: the agent's last signal, the first line of what it said with it. */
export const lastSignal = ({ signal, assignment }: InstanceRecord): string => {
  if (signal?.assignment !== assignment) return "last signal: none";
  const [said] = wordsOfReport(signal)?.split("\n") ?? [];
  return `last signal: ${signal.kind}${said === undefined ? "" : ` (${said})`}`;
};
