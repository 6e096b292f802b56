// What has happened to an instance between two looks at its record: pure, in the order of its life.
import type { Configuration } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { runOf } from "../../domain/owner.ts";
import { lastSignalOf, wordsOfReport, type InstanceRecord, type State } from "../../domain/record.ts";

export interface Change {
  /** Epoch ms: as the record says or as its threshold tells; at the latest the moment of the look. */
  readonly at: number;
  readonly instanceId: string;
  /** A state entered (`created`, `claimed`, `started`, `pooled`, `condemned`, `ended`), `asked-to-leave`, `retired`, or the agent's signal. */
  readonly event: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly detail?: string;
}

/** How long each state was given when it was entered: its threshold tells when that was. */
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

export interface Looked {
  /** Undefined: the record was not there. */
  readonly before: InstanceRecord | undefined;
  readonly after: InstanceRecord;
  /** When `before` was read: nothing that is new happened earlier. 0 = whatever the record still tells. */
  readonly since: number;
  readonly now: number;
}

/** A state that was entered and left between two looks is not told, but for what its agent signalled last. */
export function changesOf({ before, after, since, now }: Looked, configuration: Configuration): readonly Change[] {
  const { instanceId, state, assignment, retiredAt, threshold } = after;
  const [said, signal] = [before === undefined ? undefined : lastSignalOf(before), lastSignalOf(after)];
  const run = runNow(after);
  const reowned = before?.assignment !== assignment;
  const changes: Change[] = [];
  const tell = (event: string, at: number, detail = "", of: Run = run): void => {
    // Another's clock may be ahead, an extended threshold tells too late a moment: neither tells the future.
    const moment = Math.min(now, Math.max(since, at));
    changes.push({ at: moment, instanceId, event, ...of, ...(detail === "" ? {} : { detail }) });
  };
  const { instanceType, usageClass } = after;
  if (before === undefined) tell("created", after.launchedAt, `${instanceType}${usageClass === "spot" ? " spot" : ""}`);
  const handedOn = before?.owner !== undefined && after.owner !== undefined && reowned;
  if (handedOn) tell("pooled", since, "", runNow(before));
  const stateSince = threshold - givenMs(configuration)[state];
  if (state !== "created" && (before?.state !== state || handedOn)) {
    const told = entered[state];
    const ends = state === "terminating" || state === "terminated";
    // Whose it was is told, not whose it is: an idle one is nobody's.
    const of = state === "idle" && before !== undefined ? runNow(before) : state === "idle" ? {} : run;
    tell(told, stateSince, ends ? (after.reason ?? "") : "", of);
  }
  const leaving = ({ owner, wanted }: InstanceRecord): boolean => owner !== undefined && wanted === "leave";
  if (leaving(after) && (before === undefined || !leaving(before) || reowned)) tell("asked-to-leave", now);
  if (signal !== undefined && (said?.kind !== signal.kind || said.assignment !== signal.assignment))
    tell(signal.kind, signal.at, wordsOfReport(signal), signal.assignment === assignment ? run : {});
  if (retiredAt !== undefined && before?.retiredAt === undefined) tell("retired", retiredAt);
  return changes.sort((a, b) => a.at - b.at);
}
