// The forge as the control plane asks it: tokens, registered runners, jobs that wait.
import type { EpochMs } from "./clock.ts";
import type { Unknown } from "./outcomes.ts";

export interface ForgeToken {
  readonly token: string;
  readonly expiresAt: EpochMs;
}

/** Rejects with `ForgeRefused` (no right, not found) or `OutOfReach`. `scope` = repository `owner/repo`, organisation, or `enterprises/name`. */
export interface Registrar {
  registrationToken(scope: string): Promise<ForgeToken>;
  removalToken(scope: string): Promise<ForgeToken>;
}

export class ForgeRefused extends Error {
  override readonly name = "ForgeRefused";
}

export interface RunnerSeen {
  readonly id: number;
  readonly name: string;
  readonly online: boolean;
  /** GitHub's own view, 25-60 s late: never decide by it. */
  readonly busy: boolean;
  readonly labels: readonly string[];
}

export type Removal = "removed" | "absent" | "busy";

export interface RunnerInventory {
  /** Runners whose name begins with `prefix`; one may be left out while others are deleted: its absence is asked for by name. */
  list(scope: string, prefix: string): Promise<readonly RunnerSeen[]>;
  named(scope: string, name: string): Promise<RunnerSeen | undefined>;
  /** Deletes a registration; refused while a job runs on it. */
  remove(scope: string, runnerId: number): Promise<Removal | Unknown>;
}

/** A workflow run that GitHub has not completed. */
export interface ActiveRun {
  readonly runId: string;
  readonly attempt: number;
}

export interface QueuedJob {
  /** Its `runs-on`. */
  readonly labels: readonly string[];
  readonly queuedAt: EpochMs;
}

/** The jobs that wait for a runner. Rejects with `ForgeRefused` (needs the right to read actions) or `OutOfReach`. */
export interface JobQueue {
  /** Runs of the repository (`owner/repo`) that are not completed. */
  activeRuns(repository: string): Promise<readonly ActiveRun[]>;
  queuedJobs(repository: string, run: ActiveRun): Promise<readonly QueuedJob[]>;
}
