// What the agent needs of the world: its own record, the machine's metadata, the runner, the host.
import type { FailureCause, InstanceRecord, Registration, Signal, Vitals } from "../../domain/record.ts";
import type { EpochMs, Unknown } from "./ports.ts";

export type OwnSight =
  | { readonly kind: "record"; readonly record: InstanceRecord }
  | { readonly kind: "none" }
  /** The table cannot be reached, or the item cannot be read. */
  | { readonly kind: "unreachable"; readonly problem: string };

export type Written =
  | { readonly kind: "written"; readonly record: InstanceRecord }
  /** The condition did not hold: the record as it is (undefined: it does not exist). */
  | { readonly kind: "refused"; readonly record: InstanceRecord | undefined }
  | Unknown;

export interface VitalSigns {
  readonly busy: boolean;
  readonly agentVersion: string;
  readonly vitals: Vitals;
}

/** The agent's own record. It can neither create nor resurrect it. */
export interface OwnInstance {
  /**
   * Looks at the record every `limits.agentWatchMs` and writes the heartbeat every `limits.heartbeatMs`, until the record's version
   * differs from `seen` (undefined: until there is a record), `until` is reached, or `wake` aborts. Gives the last sight.
   */
  watch(seen: number | undefined, until: EpochMs, signs: () => VitalSigns, wake: AbortSignal): Promise<OwnSight>;
  /** On condition that the signal of the judged record stands; with the machine's newest reading, where it is given. */
  signal(signal: Signal, judged: Pick<InstanceRecord, "signal">, vitals?: Vitals): Promise<Written>;
  /** `registering`, on condition that the judged version stands, and its signal. */
  beginRegistering(signal: Signal, judged: InstanceRecord): Promise<Written>;
  /** Decides to end itself, on condition that the judged version stands. */
  retire(at: EpochMs, judged: InstanceRecord): Promise<Written>;
}

export interface Identity {
  readonly instanceId: string;
  readonly region: string;
  readonly account: string;
  readonly zone: string;
  readonly instanceType: string;
}
export interface Interruption {
  readonly kind: "terminate" | "rebalance";
  readonly at: EpochMs;
}
export interface Metadata {
  identity(): Promise<Identity>;
  /** One of the instance's tags; undefined where metadata does not show it. */
  tag(name: string): Promise<string | undefined>;
  /** All of them, each asked for. */
  tags(): Promise<Readonly<Record<string, string>>>;
  /** A spot notice or rebalance recommendation, once there is one. */
  interruption(): Promise<Interruption | undefined>;
}

export interface RunnerState {
  /** The assignment whose runner root exists; undefined where there is none. */
  readonly assignment: number | undefined;
  /** The registration is complete on disk. */
  readonly configured: boolean;
  readonly listener: "none" | "starting" | "online" | "exited";
  /** The listener's exit code once exited. */
  readonly exitCode?: number;
  /** A `Runner.Worker` process lives: a job runs. Local truth. */
  readonly busy: boolean;
  /** Jobs begun since boot. */
  readonly jobs: number;
  /** It was made for a single job, by a just-in-time configuration, and that has been: GitHub has forgotten it. */
  readonly spent?: true;
  /** The runner's version, once its listener has said it. */
  readonly version?: string;
}

export interface RegisterRequest {
  readonly assignment: number;
  readonly name: string;
  readonly registration: Registration;
  /** The runner group to put it into; absent: the scope's default group. */
  readonly group?: string;
  /** The registration token, or with mode `jit` the encoded configuration. */
  readonly token: string;
  /** Ids of the runs whose jobs may run here; absent: any run's (shared labels). A stranger's job fails before its first step. */
  readonly onlyRuns?: readonly string[];
}
export type RegisterOutcome =
  | { readonly kind: "registered" }
  | {
      readonly kind: "failed";
      readonly cause: FailureCause;
      /** The last lines, without secrets. */
      readonly detail: string;
    };

/** GitHub's runner on this machine, one root an assignment. */
export interface RunnerProcess {
  state(): Promise<RunnerState>;
  /** Makes the assignment's root, configures the runner, and starts its listener; resolves once it listens for jobs. */
  register(request: RegisterRequest): Promise<RegisterOutcome>;
  /** Starts the listener of an assignment that is configured already (it had exited, or the agent was restarted). */
  resume(assignment: number): Promise<RegisterOutcome>;
  /** Freezes the runner, looks for a job: none: kills it all and resolves "stopped"; one: thaws it and resolves "busy". */
  stopIfIdle(): Promise<"stopped" | "busy">;
  /** Ends everything at once, jobs included: only for a machine that ends. */
  kill(): Promise<void>;
  /** Destroys the root and whatever the jobs left. The registration is removed afterwards, off the critical path, where a token is given. */
  clean(assignment: number, removalToken: string | undefined): Promise<void>;
}

export type PrepareOutcome = { readonly kind: "prepared" } | { readonly kind: "failed"; readonly detail: string };

export interface Host {
  /** Runs the pre-runner script, once a boot: a second call gives the first one's outcome, also after an agent restart. */
  prepare(): Promise<PrepareOutcome>;
  /** Tells the host's supervisor: ready, alive, and a status for people. */
  report(status: string): Promise<void>;
  /** Arms the timer that powers the machine off without the agent; infinite: it never does. */
  deadline(at: EpochMs): Promise<void>;
  /** How long it is to the deadline that an agent of this boot has armed, ms; undefined: none has. */
  left(): Promise<number | undefined>;
  /** Free share of the work disk, 0..1. */
  diskFree(): Promise<number>;
  powerOff(reason: string): Promise<void>;
}
