// A forge's runner on this machine: one assignment at a time.
import type { FailureCause, InstanceRecord, Registration } from "../../domain/record.ts";

export interface RunnerState {
  /** The assignment whose place exists; undefined where there is none. */
  readonly assignment: number | undefined;
  /** The registration is complete on disk. */
  readonly configured: boolean;
  readonly listener: "none" | "starting" | "online" | "exited";
  /** The listener's exit code once exited. */
  readonly exitCode?: number;
  /** A job runs. Local truth. */
  readonly busy: boolean;
  /** Jobs begun since boot. */
  readonly jobs: number;
  /** It was made for a single job, and that has been: its forge has forgotten it. */
  readonly spent?: true;
  /** Whether it has been asked to drain; undefined: it has no such state, and is asked again when it is idle. */
  readonly draining?: boolean;
  /** The runner's version, once its listener has said it. */
  readonly version?: string;
}

/** What of a record the forge's half reads. */
export type Assigned = Pick<InstanceRecord, "assignment" | "partition" | "registration" | "owner">;

export interface EnrolFailed {
  readonly kind: "failed";
  readonly cause: FailureCause;
  /** The last lines, without secrets. */
  readonly detail: string;
}
export type EnrolOutcome = { readonly kind: "registered" } | EnrolFailed;

/** Whatever has been done already may be asked for again; a call that has no known outcome rejects. */
export interface Runner {
  state(): Promise<RunnerState>;
  /** Such a registration is good for a single job, and never again in its assignment. */
  isForOneJob(registration: Registration): boolean;
  /** Makes the assignment's place, registers, and starts the listener; resolves once it listens for jobs. */
  enrol(record: Assigned): Promise<EnrolOutcome>;
  /** Starts the listener of an assignment that is configured already (it had exited, or the agent was restarted). */
  start(assignment: number): Promise<EnrolOutcome>;
  /** Takes no further job, and stops once the one that runs is over: "busy" until then. A started job is never cut. */
  drain(): Promise<"stopped" | "busy">;
  /** Stops where no job runs, in the one step that hits none; where one runs, changes nothing. */
  stopIfIdle(): Promise<"stopped" | "busy">;
  /** Ends everything at once, jobs included: only for a machine that ends. */
  kill(): Promise<void>;
  /** Destroys the place and whatever the jobs left. The registration is removed afterwards, off the critical path. */
  clean(assignment: number): Promise<void>;
}
