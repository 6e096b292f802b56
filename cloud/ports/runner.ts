// A forge's runner on this machine.
import type { FailureCause, Registration } from "../../domain/record.ts";

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
  /** The scope's address: `https://github.com/OWNER/REPO`. */
  readonly url: string;
  readonly registration: Registration;
  /** The runner group to put it into; absent: the scope's default group. */
  readonly group?: string;
  /** The registration token, or with kind `jit` the encoded configuration. */
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
