// What the programs log: each event's name, in the past tense, and its facts. Whatever shows an event, counts it or computes from it has its types from here.
import type { Move, Refusal } from "./instance.ts";
import type { Cause, Gone, LaunchReason, Part, Reason, RungName } from "./reasons.ts";
import type { FailureCause, SignalKind, SignalReport } from "./record.ts";

interface Troubled {
  readonly problem: string;
}
interface Refused {
  readonly problems: readonly string[];
}
/** Why a lambda could not do its work; `bug`: for none of the reasons that are foreseen. */
export type FailureCode =
  | "out-of-reach"
  | "rate-limited"
  | "refused-by-aws"
  | "refused-by-forge"
  | "unconfigured"
  | "bug";
interface Failed extends Troubled {
  readonly code: FailureCode;
}
interface OfMessage {
  readonly message: string;
  /** Deliveries of it so far. */
  readonly received: number;
}
interface OfInstance {
  readonly instance: string;
}
interface OfAssignment {
  readonly assignment: number;
}
interface OfImage {
  readonly image: string;
}
interface OfJob extends OfAssignment {
  readonly run: string;
  readonly attempt: string;
  readonly job: string;
  /** Between the two hooks; a job's own doing may have changed it. */
  readonly seconds?: number;
}

/** An agent's signal, as it is sent. */
type SignalEvents = { readonly [Kind in SignalKind as `agent.${Kind}`]: OfAssignment & SignalReport };

export interface Events extends SignalEvents {
  // ---- control: instances ----
  readonly "instance.found-again": OfInstance;
  readonly "instance.claimed": OfInstance & { readonly type: string };
  readonly "instance.created": OfInstance & { readonly type: string; readonly zone: string };
  readonly "instance.unrecorded": OfInstance;
  /** `ms`: from its claim or its launch. */
  readonly "instance.ready": OfInstance & { readonly origin: "pool" | "created"; readonly ms: number };
  readonly "instance.lost": OfInstance & { readonly why: Cause };
  readonly "instance.asked-to-leave": OfInstance;
  readonly "instance.pooled": OfInstance;
  readonly "instance.condemned": OfInstance & { readonly by: Move; readonly reason: Cause };
  readonly "instance.terminated": OfInstance & { readonly why: Gone };
  readonly "condemn.refused": OfInstance & { readonly by: Move; readonly why: Refusal };
  readonly "terminate.refused": OfInstance & Troubled;
  readonly "terminate.failed": Troubled & { readonly instances: number };
  readonly "claim.lost": { readonly key: string; readonly why: Refusal };
  readonly "record.damaged": Troubled & { readonly key: string };
  // ---- control: provision, release ----
  readonly "creation.short": {
    readonly rung: RungName;
    readonly wanted: number;
    readonly created: number;
    readonly verdict: string;
    /** The last one. */
    readonly reason: LaunchReason | undefined;
  };
  readonly "provision.begin-unsaved": Troubled;
  readonly "provision.finish-unsaved": Troubled;
  readonly "provision.ready": { readonly created: number; readonly reused: number; readonly readyMs: number };
  readonly "provision.given-back": { readonly pooled: number; readonly condemned: number; readonly left: number };
  readonly "request.unsaved": Troubled;
  readonly "validation.unread": Troubled;
  readonly "give-back.unread": Troubled;
  readonly "clean-up.unseen": Troubled;
  readonly "run.released": { readonly pooled: number; readonly condemned: number; readonly left: number };
  readonly "run.end-unsaved": Troubled;
  readonly "release.forge-unreachable": Troubled;
  readonly "service.out-of-reach": Troubled;
  // ---- control: the pool's queue ----
  readonly "pool.out-of-reach": Troubled;
  readonly "pool.unreadable": Troubled;
  readonly "pool.not-set-aside": Troubled;
  readonly "pool.unsent": { readonly instances: readonly string[] };
  // ---- control: refresh ----
  readonly "refresh.done": { readonly findings: number; readonly ghosts: number; readonly problems: number };
  readonly "refresh.problem": Part & { readonly error: string };
  readonly "releases.unread": Troubled;
  readonly "ghosts.left": { readonly count: number };
  readonly "counter.doubted": { readonly scopes: string; readonly againMs: number };
  readonly "counter.recounted": { readonly scope: string; readonly seen: number; readonly counted: number };
  readonly "counter.differs": { readonly scope: string; readonly by: number };
  readonly "counter.not-freed": Troubled;
  readonly "configurations.deleted": { readonly count: number };
  readonly "token.renewed": { readonly name: string };
  readonly "token.not-renewed": Troubled & { readonly name: string };
  readonly "floors.scheduled": { readonly schedule: string; readonly at: string };
  readonly "rerun.began": {
    readonly runId: string;
    readonly attempt: number;
    readonly provisionId: string;
    readonly wanted: number;
  };
  readonly "job.unservable": {
    readonly runId: string;
    readonly labels: readonly string[];
    readonly unknown: readonly string[];
  };
  readonly "outcomes.unreported": Troubled;
  // ---- lambdas ----
  readonly "lambda.event-refused": Refused;
  readonly "lambda.failed": Failed;
  readonly "message.refused": OfMessage & Refused;
  readonly "message.failed": OfMessage & Failed;
  // ---- control: images ----
  readonly "image.published": OfImage & { readonly parameter: string; readonly before: string | undefined };
  readonly "image.passed": OfImage & { readonly ms: number };
  readonly "image.failed": OfImage & { readonly reasons: readonly Reason[] };
  readonly "image.deleted": OfImage & { readonly problems: readonly string[] };
  readonly "image.not-deleted": OfImage & { readonly problems: readonly string[] };
  // ---- the agent ----
  readonly "agent.write-unknown": Troubled;
  readonly "agent.unread": Troubled;
  readonly "agent.task-failed": Troubled;
  readonly "agent.registration-failed": OfAssignment & {
    readonly cause: FailureCause;
    readonly count: number;
    readonly detail: string;
  };
  readonly "agent.waiting-for-job": OfAssignment;
  readonly "agent.cleaned": OfAssignment;
  readonly "agent.not-cleaned": Troubled;
  readonly "agent.retired": { readonly reason: string };
  readonly "agent.ended": { readonly reason: string; readonly busy: boolean };
  readonly "agent.status": { readonly status: string };
  readonly "agent.notice-failed": Troubled;
  // ---- its runner and its host ----
  readonly "runner.configured": OfAssignment & { readonly name: string };
  readonly "runner.config-said": { readonly line: string };
  readonly "runner.online": OfAssignment;
  readonly "runner.exited": OfAssignment & { readonly code: number | null; readonly lastLines: readonly string[] };
  readonly "runner.removed": OfAssignment;
  readonly "runner.not-removed": OfAssignment & { readonly code: number; readonly lastLines: readonly string[] };
  readonly "runner.removal-failed": Troubled;
  readonly "runner.not-killed": OfAssignment & { readonly pids: readonly number[] };
  readonly "runner.unsaved": Troubled;
  readonly "job.started": OfJob;
  readonly "job.refused": OfJob;
  readonly "job.completed": OfJob;
  readonly "pre-runner.said": { readonly line: string };
  readonly "pre-runner.ended": { readonly code: number; readonly timedOut?: boolean; readonly ms?: number };
  readonly "host.deadline-armed": { readonly deadline: number; readonly secondsAfterBoot: number };
  readonly "host.deadline-not-armed": Troubled & { readonly deadline: number };
  readonly "host.powered-off": { readonly reason: string };
}

export type EventName = keyof Events;
/** An event as a log takes it: its name decides its facts. */
export type LogEvent = { [Name in EventName]: [name: Name, facts: Events[Name]] }[EventName];
