// Where a runner's processes live: child processes on a laptop, systemd units on a real machine.
import type { RegisterRequest } from "../../cloud/ports/runner.ts";
import type { BoundedEnd } from "./run-bounded.ts";

export interface RunnerSeen {
  readonly listener: "none" | "running" | "exited";
  readonly exitCode?: number;
  /** A worker lives. */
  readonly busy: boolean;
  /** Everything that the listener of this assignment has said. */
  readonly log: string;
  /** What the job hooks have written down. */
  readonly jobs: string;
}

/** What the listener and its jobs are told by their environment. */
export interface ListenerEnvironment {
  readonly [name: string]: string;
}

export interface RunnerGround {
  /** Ends whatever an earlier attempt left, and makes the assignment's root afresh. */
  lay(assignment: number): Promise<void>;
  /** Runs `config.sh` in the root, or unpacks what GitHub has made already; afterwards the registration's files are kept where no job can change them. */
  configure(request: RegisterRequest, commandLine: readonly string[]): Promise<BoundedEnd>;
  /** Starts the listener; where one lives already, does nothing. */
  start(assignment: number, environment: ListenerEnvironment): Promise<void>;
  /** Waits for the end of the runner's own update, at the longest `limitMs`. */
  updated(assignment: number, limitMs: number): Promise<void>;
  look(assignment: number): Promise<RunnerSeen>;
  stopIfIdle(assignment: number): Promise<"stopped" | "busy">;
  kill(assignment: number): Promise<void>;
  /** Destroys the root and everything of it; removes the registration in the background where a token is given. */
  destroy(assignment: number, removalToken: string | undefined): Promise<void>;
}
