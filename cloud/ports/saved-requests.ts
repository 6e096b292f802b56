// What runs have asked for, and what came of it.
import type { Ending, Outcome, RunOutcomes } from "../../domain/outcome.ts";
import type { Request } from "../../domain/request.ts";
import type { EpochMs } from "./clock.ts";

/** Which provision of a run: the same name again is the same provision. */
export interface ProvisionName {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
}

/** Outcomes that no metric has counted yet. */
interface Untold {
  /** Up to when outcomes have been told (0: never), and the runs of which anything was kept since, eventually consistent. */
  untold(): Promise<{ readonly from: EpochMs; readonly runs: readonly RunOutcomes[] }>;
  /** All up to this moment has been told. */
  tell(until: EpochMs): Promise<void>;
}

/** What runs have asked for, kept for `limits.requestKeptMs`. Rejects with `OutOfReach`. */
export interface SavedRequests extends Untold {
  /**
   * The newest of a provision replaces the one before; `outcome`: what came of it, kept for each attempt. With one, what had begun
   * under this name has finished (`Beginnings`).
   */
  save(request: Request, at: EpochMs, outcome?: Outcome): Promise<void>;
  /** One a provision; none that cannot be read. */
  ofRun(runId: string): Promise<readonly Request[]>;
  /** The same where what was asked for is to stay as it is: a re-run asks for less, or under another attempt. */
  came(runId: string, outcome: Outcome): Promise<void>;
  /** The attempts up to this one are over, as far as they had begun: each word is kept. Nothing of a run that has asked for nothing. */
  end(runId: string, ending: Ending): Promise<void>;
  /** Repositories whose runs got instances since, each once, newest first, of `maxima.runsRead` runs at most; eventually consistent. */
  repositories(since: EpochMs): Promise<readonly string[]>;
}
