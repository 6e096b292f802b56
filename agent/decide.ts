// What the agent does next, decided purely from its record and the machine: crash-only, so no memory is needed but the facts.
import type { Interruption } from "../cloud/ports/metadata.ts";
import type { OwnReading } from "../cloud/ports/own-instance.ts";
import type { EnrolFailed, RunnerState } from "../cloud/ports/runner.ts";
import { limits, maxima } from "../domain/limits.ts";
import type { FailureCause, InstanceRecord, SignalKind, SignalReport } from "../domain/record.ts";

/** A registration, or a listener's restart, that did not succeed. */
export interface Failure {
  readonly assignment: number;
  readonly outcome: EnrolFailed;
  /** How many have failed in this assignment. */
  readonly count: number;
  /** Epoch ms before which it is not tried again. */
  readonly retryAt: number;
}

export interface View {
  /** Epoch ms. */
  readonly now: number;
  readonly sight: OwnReading;
  /** The last record seen, also where the table is out of reach now. */
  readonly known: InstanceRecord | undefined;
  readonly bootedAt: number;
  /** Until when an earlier agent of this boot has let the machine live; undefined: none has. */
  readonly before: number | undefined;
  readonly bootMs: number;
  /** Launched by runpool (`runpool:manager=pool`): then no record means no right to live. */
  readonly pooled: boolean;
  readonly prepare: "not begun" | "running" | "prepared" | { readonly failed: string };
  readonly runner: RunnerState;
  /** What the record says to register is good for a single job, and never again in this assignment. */
  readonly oneJob: boolean;
  /** The runner is being registered, stopped or cleaned: one at a time. */
  readonly task: boolean;
  readonly failure: Failure | undefined;
  /** `at` of the last signal that this process has sent; what an earlier process sent, it sends again before it acts on it. */
  readonly said: number | undefined;
  readonly interruption: Interruption | undefined;
  /** The longest wait in one turn, ms. */
  readonly turnMs: number;
}

export type Step =
  | { readonly kind: "prepare" }
  | ({ readonly kind: "signal"; readonly signal: SignalKind; readonly record: InstanceRecord } & SignalReport)
  | { readonly kind: "begin-registering"; readonly record: InstanceRecord }
  | { readonly kind: "register"; readonly record: InstanceRecord }
  | { readonly kind: "resume"; readonly record: InstanceRecord }
  /** Take no further job; once idle, stop and destroy the place. */
  | { readonly kind: "drain"; readonly assignment: number }
  /** Only where it is idle: stop and destroy the place. */
  | { readonly kind: "stop"; readonly assignment: number }
  | { readonly kind: "retire"; readonly record: InstanceRecord; readonly reason: string }
  | { readonly kind: "power-off"; readonly reason: string }
  | { readonly kind: "wait"; readonly until: number };

/** Failures that a further try in this assignment does not mend. One for no known cause may be the forge's own fault: it is tried again. */
const hopeless: ReadonlySet<FailureCause> = new Set(["version", "refused"]);

/**
 * Failures of the forge's own, or of the way to it: the machine is sound, and another one would fare no better. So it is kept and tries on for
 * as long as its record lets it, and says what it waits for, so that a run that gives up first can report the reason.
 */
const passing: ReadonlySet<FailureCause> = new Set(["network", "rate-limit"]);

const wait = (view: View, until = Number.POSITIVE_INFINITY): Step => ({
  kind: "wait",
  until: Math.min(until, view.now + view.turnMs),
});

/** Until when the machine may live by the last record it has seen, epoch ms; infinite for a machine that is not of the pool. */
export function lastMoment({ known, before, runner, bootedAt, bootMs, pooled }: View): number {
  const limit = known?.threshold ?? before ?? (pooled ? bootedAt + bootMs : Number.POSITIVE_INFINITY);
  const begun = known?.signal?.assignment === known?.assignment ? known?.signal?.at : undefined;
  // Written with the owner: what was asked for, or what class, environment and overlay say.
  return runner.busy && begun !== undefined
    ? Math.max(limit, begun + (known?.maxRuntimeMs ?? limits.maxRuntimeMs))
    : limit;
}

/** Without a record in sight: how long the machine may live on the last one. */
function withoutRecord(view: View, why: string): Step {
  const last = lastMoment(view);
  if (view.now >= last) return { kind: "power-off", reason: why };
  if (view.prepare === "not begun") return { kind: "prepare" };
  return wait(view, last);
}

/** An instance without an owner is clean and waits; its first signal says that it is up. */
function idle(view: View, record: InstanceRecord): Step {
  if (view.task || view.runner.busy) return wait(view, Math.min(record.threshold, view.now + limits.busyPollMs));
  if (view.runner.assignment !== undefined) return { kind: "stop", assignment: view.runner.assignment };
  if (record.signal === undefined) return { kind: "signal", signal: "prepared", record };
  return wait(view, record.threshold);
}

/**
 * The runner takes no further job, and a job that runs is left alone. Undefined once there is no runner. One that has no draining state is
 * not asked while it is busy.
 */
function drained(view: View, record: InstanceRecord): Step | undefined {
  const { assignment, busy, draining } = view.runner;
  if (busy && draining !== false) return wait(view, Math.min(record.threshold, view.now + limits.busyPollMs));
  return assignment === undefined ? undefined : { kind: "drain", assignment };
}

/** Every `leave` is answered with `deregistered`, also when nothing had been registered; a job that runs is waited for. */
function leave(view: View, record: InstanceRecord): Step {
  if (signalNow(record) === "deregistered") return wait(view, record.threshold);
  if (view.task) return wait(view, record.threshold);
  return drained(view, record) ?? { kind: "signal", signal: "deregistered", record };
}

/** The last signal, if it belongs to the present assignment. */
const signalNow = (record: InstanceRecord): SignalKind | undefined =>
  record.signal?.assignment === record.assignment ? record.signal.kind : undefined;

/** Whether it failed for its version, by the record: the agent that reported so may have been killed since. */
const tooOld = ({ signal }: InstanceRecord): string | undefined =>
  signal?.cause === "version" ? "the forge refuses this version of the runner" : undefined;

function again(view: View, record: InstanceRecord, step: Step, givenUp: SignalKind): Step {
  const failure = view.failure?.assignment === record.assignment ? view.failure : undefined;
  if (failure === undefined) return step;
  const { cause, detail } = failure.outcome;
  const tries = passing.has(cause) ? maxima.passingTries : maxima.registrationTries;
  if (hopeless.has(cause) || failure.count >= tries) return { kind: "signal", signal: givenUp, record, cause, detail };
  if (passing.has(cause) && signalNow(record) === "registering" && record.signal?.cause !== cause)
    return { kind: "signal", signal: "registering", record, cause, detail };
  return view.now < failure.retryAt ? wait(view, Math.min(failure.retryAt, record.threshold)) : step;
}

/** The control plane may end the machine once it reads that it failed: so a job that runs is waited for, and a listener that still tries is stopped before. */
function orGivenUp(view: View, record: InstanceRecord, step: Step): Step {
  const { runner, now } = view;
  const judged = again(view, record, step, "register-failed");
  if (judged.kind !== "signal" || judged.signal !== "register-failed") return judged;
  if (runner.busy) return wait(view, Math.min(record.threshold, now + limits.busyPollMs));
  return runner.listener === "starting" ? { kind: "stop", assignment: record.assignment } : judged;
}

/**
 * Its one job has been: the assignment is over, though it was not asked to leave. It is cleaned as for a leave, and says so; a
 * release then finds it gone already. Only once `registered` is in the record, so that the next agent after a crash does not register again.
 */
function over(record: InstanceRecord, own: boolean): Step {
  if (own) return { kind: "stop", assignment: record.assignment };
  return {
    kind: "signal",
    signal: "deregistered",
    record,
    detail: "the one job of its registration is over",
  };
}

/**
 * A listener without a job stops a while before its machine ends: a job that it took then would be cut, though other machines are free.
 * Never before half of its time, however short that is; and not before its run has started it, which moves the threshold.
 */
function lastCall({ signal, state, threshold }: InstanceRecord): number {
  if (state !== "running" || signal === undefined) return threshold;
  return threshold - Math.min(limits.lastJobMs, (threshold - signal.at) / 2);
}

/**
 * A job that runs is left alone up to the threshold. Without one the listener stops, in the one step that hits no job, and is not kept up
 * any more: a release in the meantime has the machine for the pool.
 */
function lastOf(view: View, record: InstanceRecord): Step {
  return drained(view, record) ?? wait(view, record.threshold);
}

function serve(view: View, record: InstanceRecord): Step {
  const { runner } = view;
  const until = record.threshold;
  if (view.task) return wait(view, until);
  const own = runner.assignment === record.assignment;
  if (runner.assignment !== undefined && !own) return { kind: "stop", assignment: runner.assignment };
  const spent = own && runner.spent === true;
  const up = own && (runner.listener === "online" || spent);
  // A write of an earlier agent, judged by the same signal, may still be on its way: once the signal is sent again, that one will not land.
  const ownWord = record.signal?.at === view.said;
  switch (signalNow(record)) {
    case undefined:
    case "prepared":
    case "prepare-failed":
      return { kind: "begin-registering", record };
    case "registering":
      if (up) return { kind: "signal", signal: "registered", record };
      if (!ownWord) return { kind: "begin-registering", record };
      return orGivenUp(view, record, { kind: own && runner.configured ? "resume" : "register", record });
    case "registered":
      if (view.oneJob && (spent || !own)) return over(record, own);
      if (view.now >= lastCall(record)) return lastOf(view, record);
      if (up || runner.busy || (own && runner.listener === "starting")) return wait(view, lastCall(record));
      if (!own) return { kind: "signal", signal: "listener-lost", record, detail: "the runner's root is gone" };
      if (!ownWord) return { kind: "signal", signal: "registered", record };
      return again(view, record, { kind: "resume", record }, "listener-lost");
    case "listener-lost":
      if (runner.busy) return wait(view, until);
      return { kind: "retire", record, reason: tooOld(record) ?? "the listener could not be kept up" };
    case "register-failed": {
      if (runner.busy) return wait(view, until);
      const reason = tooOld(record);
      return reason === undefined ? wait(view, until) : { kind: "retire", record, reason };
    }
    case "interrupted":
    case "deregistered":
      return wait(view, until);
  }
}

/**
 * AWS takes the machine back: say so, let a running job use the rest of the time, end if there is none. A recommendation to rebalance
 * says that this may come: a run goes on, but an idle machine is not handed to another.
 */
function interrupted(view: View, record: InstanceRecord): Step | undefined {
  if (view.interruption === undefined) return undefined;
  if (view.interruption.kind === "rebalance") {
    const free = record.owner === undefined && !view.task && view.runner.assignment === undefined;
    return free ? { kind: "retire", record, reason: "rebalance recommendation" } : undefined;
  }
  if (record.owner !== undefined && signalNow(record) !== "interrupted" && signalNow(record) !== "deregistered")
    return {
      kind: "signal",
      signal: "interrupted",
      record,
      detail: `AWS ends this machine at ${view.interruption.at}`,
    };
  if (view.task) return wait(view, record.threshold);
  return drained(view, record) ?? { kind: "retire", record, reason: "spot interruption" };
}

function prepared(view: View, record: InstanceRecord): Step | undefined {
  if (view.prepare === "not begun") return { kind: "prepare" };
  if (view.prepare === "running") return wait(view, record.threshold);
  if (view.prepare === "prepared") return undefined;
  const last = record.signal;
  const said = last !== undefined && last.assignment === record.assignment && last.kind !== "prepared";
  return said
    ? { kind: "retire", record, reason: "the pre-runner script failed" }
    : { kind: "signal", signal: "prepare-failed", record, detail: view.prepare.failed };
}

/** The agent's next step. */
export function next(view: View): Step {
  const { sight, now } = view;
  if (sight.kind === "unreachable") return withoutRecord(view, `the table is out of reach: ${sight.problem}`);
  if (sight.kind === "none") {
    if (view.known !== undefined && !view.runner.busy) return { kind: "power-off", reason: "its record is gone" };
    return withoutRecord(view, "no record");
  }
  const { record } = sight;
  if (record.state === "terminating" || record.state === "terminated")
    return { kind: "power-off", reason: `condemned: ${record.reason?.code ?? record.state}` };
  if (record.retiredAt !== undefined) return { kind: "power-off", reason: "retired" };
  if (now >= record.threshold)
    return {
      kind: "retire",
      record,
      reason: `past the threshold of ${record.state}${view.runner.busy ? ", with a job running" : ""}`,
    };
  const first = prepared(view, record) ?? interrupted(view, record);
  if (first !== undefined) return first;
  if (record.owner === undefined) return idle(view, record);
  return record.wanted === "leave" ? leave(view, record) : serve(view, record);
}
