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

/** Which beginning of a provision is under way: by it what is created is known again after a crash. */
interface Beginnings {
  /**
   * Before a provision creates anything: keeps `begun.id` as the one under way, and gives it back; or gives the id of the one that is
   * under way already, where that began after `begun.since` and has not finished. What is created carries it: after a crash the same
   * machines are asked for again, and after the end never.
   */
  begin(
    name: ProvisionName,
    begun: { readonly id: string; readonly at: EpochMs; readonly since: EpochMs },
  ): Promise<string>;
  /** It has given back what it took: whoever begins again begins anew. `save` and `came` with an outcome say the same. */
  finish(name: ProvisionName): Promise<void>;
}

/** Outcomes that no metric has counted yet. */
interface Untold {
  /** Up to when outcomes have been told (0: never), and the runs of which anything was kept since, eventually consistent. */
  untold(): Promise<{ readonly from: EpochMs; readonly runs: readonly RunOutcomes[] }>;
  /** All up to this moment has been told. */
  tell(until: EpochMs): Promise<void>;
}

/** What runs have asked for, kept for `limits.requestKeptMs`. Rejects with `OutOfReach`. */
export interface SavedRequests extends Beginnings, Untold {
  /** The newest of a provision replaces the one before; `outcome`: what came of it, kept for each attempt. */
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
