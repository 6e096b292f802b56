// The agent's writes to its own record, as data: each on condition that the item exists, so none creates or resurrects it.
import { absent, and, compare, exists, or, type Condition } from "./condition.ts";
import {
  signalRank,
  type InstanceRecord,
  type Reported,
  type Signal,
  type SignalReport,
  type Vitals,
} from "./record.ts";

export interface AgentWrite {
  readonly condition: Condition;
  readonly set: Partial<Reported>;
}

/** It may say again what stands: so an agent that was started anew makes an earlier one's word its own. */
const signalMovesForward = (signal: Signal): Condition =>
  or(
    absent("signal"),
    compare("signal.assignment", "<", signal.assignment),
    and(compare("signal.assignment", "=", signal.assignment), compare("signal.rank", "<=", signal.rank)),
  );

/** The signal that was judged by is the one that stands: no write lands that was decided upon before another. */
const signalStands = (judged: Signal | undefined): Condition =>
  judged === undefined
    ? absent("signal")
    : and(
        compare("signal.assignment", "=", judged.assignment),
        compare("signal.rank", "=", judged.rank),
        compare("signal.at", "=", judged.at),
      );

/** The judged part of a record, for a signal. */
export type JudgedSignal = Pick<InstanceRecord, "signal">;

/** A sign of life. Refused once the agent has retired: a retired instance must not look alive. */
export const heartbeat = (
  set: Pick<Required<Reported>, "heartbeatAt" | "busy" | "agentVersion" | "vitals">,
): AgentWrite => ({
  condition: and(exists("key"), absent("retiredAt")),
  set,
});

/**
 * A signal, only on the very one that it was decided upon: an agent's last write before its crash does not land on what the next agent has
 * said since. Nor does it ever overwrite one of a later assignment, or a later one of the same. The machine as it is at that moment goes with
 * it: whoever acts upon the word (hands on what has left) judges by no older reading.
 */
export const signal = (report: Signal, judged: JudgedSignal, vitals?: Vitals): AgentWrite => ({
  condition: and(exists("key"), signalMovesForward(report), signalStands(judged.signal)),
  set: { signal: report, ...(vitals === undefined ? {} : { vitals }) },
});

/** `registering`: only on the very version that was judged, which says that the assignment stands and that it is wanted to serve. */
export const beginRegistering = (report: Signal, judged: Pick<InstanceRecord, "version" | "signal">): AgentWrite => ({
  condition: and(
    exists("key"),
    absent("retiredAt"),
    compare("version", "=", judged.version),
    signalMovesForward(report),
    signalStands(judged.signal),
  ),
  set: { signal: report },
});

/** The decision to end itself: it wins only if nothing has moved since it was judged. */
export const retire = (retiredAt: number, judged: Pick<InstanceRecord, "version">): AgentWrite => ({
  condition: and(exists("key"), absent("retiredAt"), compare("version", "=", judged.version)),
  set: { retiredAt },
});

export const signalOf = (
  kind: Signal["kind"],
  assignment: number,
  at: number,
  { cause, detail }: SignalReport = {},
): Signal => ({
  kind,
  rank: signalRank[kind],
  assignment,
  at,
  ...(cause === undefined ? {} : { cause }),
  ...(detail === undefined ? {} : { detail }),
});
