// The changes of an instance between two reads of its record, in order. Pure.
import type { Configuration } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { runOf } from "../../domain/owner.ts";
import { wordsOfCause, wordsOfReport } from "../words/reasons.ts";
import { lastSignalOf, type InstanceRecord, type State } from "../../domain/record.ts";

export interface Change {
  /** Epoch ms, from the record or derived from its threshold; never later than the read. */
  readonly at: number;
  readonly instanceId: string;
  /** A state entered (`created`, `claimed`, `started`, `pooled`, `condemned`, `ended`), `asked-to-leave`, `retired`, or the agent's signal. */
  readonly event: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly detail?: string;
}

/** How long each state may last: threshold minus this is when it was entered. */
const givenMs = ({ bootMs, provisionMs, maxRuntimeMs, idleMs }: Configuration): Readonly<Record<State, number>> => ({
  created: bootMs,
  claimed: provisionMs,
  running: maxRuntimeMs,
  idle: idleMs,
  terminating: limits.terminateMs,
  terminated: limits.terminatedKeptMs,
});

const entered: Readonly<Record<Exclude<State, "created">, string>> = {
  claimed: "claimed",
  running: "started",
  idle: "pooled",
  terminating: "condemned",
  terminated: "ended",
};

type Run = Pick<Change, "runId" | "attempt">;
/** Whose it is; of one that ends, whose it was. */
const runNow = ({ lastOwner, owner }: InstanceRecord): Run => {
  const run = runOf(owner ?? lastOwner);
  return run === undefined ? {} : { runId: run.runId, attempt: run.attempt };
};

export interface Observation {
  /** Undefined: the record was not there. */
  readonly before: InstanceRecord | undefined;
  readonly after: InstanceRecord;
  /** When `before` was read: no change is older. 0 = report everything the record shows. */
  readonly since: number;
  readonly now: number;
}

/** A state entered and left between two observations is not reported, except by its agent's last signal. */
export function changesOf({ before, after, since, now }: Observation, configuration: Configuration): readonly Change[] {
  const { instanceId, state, assignment, retiredAt, threshold } = after;
  const [earlier, signal] = [before === undefined ? undefined : lastSignalOf(before), lastSignalOf(after)];
  const run = runNow(after);
  const reowned = before?.assignment !== assignment;
  const changes: Change[] = [];
  const add = (event: string, at: number, detail = "", of: Run = run): void => {
    // Another clock may be ahead, and an extended threshold gives too late a time: report nothing in the future.
    const moment = Math.min(now, Math.max(since, at));
    changes.push({ at: moment, instanceId, event, ...of, ...(detail === "" ? {} : { detail }) });
  };
  const { instanceType, usageClass } = after;
  if (before === undefined) add("created", after.launchedAt, `${instanceType}${usageClass === "spot" ? " spot" : ""}`);
  const handedOn = before?.owner !== undefined && after.owner !== undefined && reowned;
  if (handedOn) add("pooled", since, "", runNow(before));
  const stateSince = threshold - givenMs(configuration)[state];
  if (state !== "created" && (before?.state !== state || handedOn)) {
    const event = entered[state];
    const ends = state === "terminating" || state === "terminated";
    // Whose it was is event, not whose it is: an idle one is nobody's.
    const of = state === "idle" && before !== undefined ? runNow(before) : state === "idle" ? {} : run;
    add(event, stateSince, ends && after.reason !== undefined ? wordsOfCause(after.reason) : "", of);
  }
  const leaving = ({ owner, wanted }: InstanceRecord): boolean => owner !== undefined && wanted === "leave";
  if (leaving(after) && (before === undefined || !leaving(before) || reowned)) add("asked-to-leave", now);
  if (signal !== undefined && (earlier?.kind !== signal.kind || earlier.assignment !== signal.assignment))
    add(signal.kind, signal.at, wordsOfReport(signal), signal.assignment === assignment ? run : {});
  if (retiredAt !== undefined && before?.retiredAt === undefined) add("retired", retiredAt);
  return changes.sort((a, b) => a.at - b.at);
}
