// A forge as the control plane asks it: what instances enrol by, registered runners, jobs that wait.
import type { EpochMs } from "./clock.ts";
import type { Unknown } from "./outcomes.ts";

export interface ForgeToken {
  readonly token: string;
  readonly expiresAt: EpochMs;
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

/** One of the secrets that refresh keeps for the agents of a partition. */
export interface EnrolmentSecret {
  /** Its parameter in SSM. */
  readonly name: string;
  /** Agents register by it: so it is made anew at once where they say that the forge refuses it. */
  readonly registers: boolean;
  readonly make: () => Promise<ForgeToken>;
}

/**
 * Rejects with `ForgeRefused` (no right, not found) or `OutOfReach`. `scope` is the forge's own spelling of where runners are registered: at
 * GitHub a repository `owner/repo`, an organisation, or `enterprises/name`.
 */
export interface Forge {
  /** What instances of a partition enrol by, and are removed by. */
  enrol(place: EnrolmentPlace): Promise<readonly EnrolmentSecret[]>;
  /** Runners whose name begins with `prefix`; one may be left out while others are deleted: its absence is asked for by name. */
  runners(scope: string, prefix: string): Promise<readonly RunnerSeen[]>;
  named(scope: string, name: string): Promise<RunnerSeen | undefined>;
  /** Deletes a registration; refused while a job runs on it. */
  remove(scope: string, runnerId: number): Promise<Removal | Unknown>;
  /** Runs of the repository (`owner/repo`) that are not completed; needs the right to read actions. */
  activeRuns(repository: string): Promise<readonly ActiveRun[]>;
  /** Jobs of the run that wait for a runner; needs that right too. */
  waiting(repository: string, run: ActiveRun): Promise<readonly QueuedJob[]>;
}

export interface EnrolmentPlace {
  readonly environment: string;
  readonly partition: string;
  readonly scope: string;
}
