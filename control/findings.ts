// What refresh finds wrong with a record, or due: one pure judgement a record, so that a dry run prints exactly what a run does.
import type { RunnerRelease } from "../cloud/image-ports.ts";
import type { MachineSeen, RunnerSeen } from "../cloud/ports.ts";
import type { Configuration } from "../domain/configuration.ts";
import { limits } from "../domain/limits.ts";
import type { Architecture, InstanceRecord } from "../domain/record.ts";
import { runnerAge } from "./ami/runner-age.ts";
import type { Condemnation } from "./condemn.ts";
import { hasLeft, isOver } from "./leave.ts";
import { goneOf } from "./machines.ts";
import { staleness } from "./staleness.ts";

/** A runner of ours with the scope at which it is registered. */
export interface OurRunner extends RunnerSeen {
  readonly scope: string;
}

/** GitHub's lists, and the scopes that gave one: of another no absence is known. */
export interface RunnersListed {
  readonly runners: readonly OurRunner[];
  readonly scopes: ReadonlySet<string>;
}

export type Finding =
  /** EC2 says that a condemned machine has ended. */
  | { readonly kind: "confirm"; readonly record: InstanceRecord; readonly why: string }
  /** Condemned, but EC2 still runs it: asked again. */
  | { readonly kind: "end-again"; readonly record: InstanceRecord; readonly why: string }
  | {
      readonly kind: "condemn";
      readonly record: InstanceRecord;
      readonly by: Condemnation;
      readonly why: string;
      /** EC2's word that the machine has ended already: then it is confirmed in the same refresh. */
      readonly ended: string | undefined;
    }
  /** It has answered `leave`, but whoever asked is gone; or it has left by itself, its one job done: made idle now. */
  | { readonly kind: "make-idle"; readonly record: InstanceRecord; readonly why: string }
  /** It was asked to leave and is silent: GitHub is asked for proof that no job runs. */
  | { readonly kind: "prove"; readonly record: InstanceRecord; readonly why: string }
  /** Created without an owner (the idle floor) and up. */
  | { readonly kind: "park"; readonly record: InstanceRecord; readonly why: string };

export interface Facts {
  readonly configuration: Configuration;
  readonly now: number;
  /** EC2's word on every machine of the records looked at; one that it does not know is absent. */
  readonly seen: ReadonlyMap<string, MachineSeen>;
  /** The image that new instances get, by architecture. */
  readonly images: Readonly<Partial<Record<Architecture, string>>>;
  /** Of GitHub's runner; none where they are not known. */
  readonly releases: readonly RunnerRelease[];
}

/** What is to be done about a record; undefined where all is well. */
export function findingOf(record: InstanceRecord, facts: Facts): Finding | undefined {
  const { now, seen } = facts;
  if (record.state === "terminated") return undefined;
  const gone = goneOf(record, seen, now);
  const ended = gone !== undefined && !/shutting-down|stopp/.test(gone) ? gone : undefined;
  if (record.state === "terminating") {
    if (ended !== undefined) return { kind: "confirm", record, why: ended };
    return {
      kind: "end-again",
      record,
      why: now > record.threshold ? "EC2 has not ended it in time" : "EC2 still runs it",
    };
  }
  const verdict = condemnation(record, facts, gone);
  if (verdict !== undefined) return { kind: "condemn", record, ...verdict, ended };
  return unfinished(record, now);
}

interface Verdict {
  readonly by: Condemnation;
  readonly why: string;
}

function condemnation(record: InstanceRecord, facts: Facts, gone: string | undefined): Verdict | undefined {
  const { now, configuration, images } = facts;
  if (record.retiredAt !== undefined) return { by: "condemn-retired", why: "its agent ended it" };
  if (gone !== undefined) return { by: "condemn-gone", why: gone };
  if (record.threshold <= now) return { by: "condemn-expired", why: `past its threshold as ${record.state}` };
  if (record.state !== "idle") return undefined;
  if (silent(record, now)) return { by: "condemn-silent", why: "idle without a heartbeat for a minute" };
  const why = staleness(record, configuration, now, images[record.architecture]) ?? refusedSoon(record, facts);
  return why === undefined ? undefined : { by: "condemn-evicted", why };
}

/** GitHub gives a runner no jobs any more 30 days after a newer one is out: a run must not claim one that is about to be refused. */
function refusedSoon({ vitals }: InstanceRecord, { releases, now }: Facts): string | undefined {
  const version = vitals?.runnerVersion;
  if (version === undefined) return undefined;
  const { kind, newer } = runnerAge(version, releases, now);
  return kind === "evict"
    ? `GitHub soon gives runner ${version} no more jobs: ${newer?.version} is out for four weeks`
    : undefined;
}

const silent = (record: InstanceRecord, now: number): boolean =>
  now - (record.heartbeatAt ?? 0) > limits.silentHeartbeatMs;

/** What somebody began and is not there to finish. */
function unfinished(record: InstanceRecord, now: number): Finding | undefined {
  if (hasLeft(record)) return { kind: "make-idle", record, why: "it has left its run" };
  if (isOver(record)) return { kind: "make-idle", record, why: "the one job of its runner is over" };
  if (record.state !== "idle" && record.wanted === "leave" && silent(record, now))
    return { kind: "prove", record, why: "asked to leave, and silent for a minute" };
  if (record.state === "created" && record.owner === undefined && record.signal?.kind === "prepared")
    return { kind: "park", record, why: "prepared without an owner" };
  return undefined;
}

/** Machines of ours that have had no record for longer than the boot limit. */
export function unrecorded(
  machines: readonly MachineSeen[],
  known: ReadonlySet<string>,
  { configuration, now }: Pick<Facts, "configuration" | "now">,
): readonly MachineSeen[] {
  return machines.filter(
    ({ instanceId, launchedAt, state }) =>
      !known.has(instanceId) && now - launchedAt > configuration.bootMs && (state === "pending" || state === "running"),
  );
}
