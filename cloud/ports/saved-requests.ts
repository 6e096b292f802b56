// What runs have asked for, and what came of it.
import type { Ending, Outcome, RunOutcomes } from "../../domain/outcome.ts";
import type { Request } from "../../domain/request.ts";
import type { EpochMs } from "./clock.ts";

/** Identifies a provision of a run: the same name again is the same provision. */
export interface ProvisionName {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
}

/** Outcomes on their way into the metrics. */
interface Unreported {
  /** `from`: up to when outcomes have been reported (0 = never); `runs`: those saved since then, eventually consistent. */
  unreported(): Promise<{ readonly from: EpochMs; readonly runs: readonly RunOutcomes[] }>;
  /** Marks everything up to this moment as reported. */
  markReported(until: EpochMs): Promise<void>;
}

/** What runs have asked for, kept for `limits.requestKeptMs`. Rejects with `OutOfReach`. */
export interface SavedRequests extends Unreported {
  /**
   * Replaces an earlier request of the same provision. With an `outcome`, which is kept for each attempt, it also finishes what had begun
   * under this name (`Beginnings`).
   */
  save(request: Request, at: EpochMs, outcome?: Outcome): Promise<void>;
  /** One for each provision; unreadable ones are left out. */
  ofRun(runId: string): Promise<readonly Request[]>;
  /** Saves an outcome, which finishes what had begun, and leaves the saved request as it is: a re-run asks for less, or under another attempt. */
  recordOutcome(runId: string, outcome: Outcome): Promise<void>;
  /** Records the end of all attempts up to this one that had begun. No-op for runs without a saved request. */
  end(runId: string, ending: Ending): Promise<void>;
  /** Repositories whose runs got instances since then, newest first, from at most `maxima.runsRead` runs; eventually consistent. */
  repositories(since: EpochMs): Promise<readonly string[]>;
}
