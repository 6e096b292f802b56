// What runs have asked for, as the world keeps it, and the port `SavedRequests` on it.
import { limits } from "../../domain/limits.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import type { Request } from "../../domain/request.ts";
import { repositoriesOf, type Ending, type Outcome, type RunOutcomes } from "../../domain/outcome.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { Beginnings } from "../../cloud/ports/beginnings.ts";
import type { SavedRequests } from "../../cloud/ports/saved-requests.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

export interface KeptRequests {
  /** By run, by provision id. */
  readonly asked: Map<string, Map<string, Request>>;
  readonly outcomes: Map<string, { readonly outcomes: Outcome[]; readonly endings: Ending[]; at: EpochMs }>;
  /** Provisions that have begun to create, and not finished. */
  readonly underWay: Map<string, { readonly id: string; readonly at: EpochMs }>;
  reportedUntil: EpochMs;
}
export const noRequests = (): KeptRequests => ({
  asked: new Map(),
  outcomes: new Map(),
  underWay: new Map(),
  reportedUntil: 0,
});

/** One an attempt and provision; the newest counts. */
function keep({ outcomes: all, underWay }: KeptRequests, runId: string, outcome: Outcome, at: EpochMs): void {
  underWay.delete(formatOwner(runOwner(runId, outcome.attempt, outcome.provisionId)));
  const { outcomes, endings } = all.get(runId) ?? { outcomes: [], endings: [] };
  const others = outcomes.filter((one) => one.attempt !== outcome.attempt || one.provisionId !== outcome.provisionId);
  all.set(runId, { outcomes: [...others, outcome], endings, at });
}

const keptSince = ({ outcomes: all }: KeptRequests, since: EpochMs): readonly RunOutcomes[] =>
  [...all]
    .filter(([, { at }]) => at > since)
    .map(([runId, { outcomes, endings }]) => ({ runId, outcomes: [...outcomes], endings: [...endings] }));

export const beginningsPort = ({ requests }: State, process: Process): Beginnings => ({
  begin: (owner, { id, at, since }) =>
    process.ask("beginnings.begin", "write", () => {
      const found = requests.underWay.get(formatOwner(owner));
      if (found !== undefined && found.at >= since && found.at <= at + limits.aheadMs) return found.id;
      requests.underWay.set(formatOwner(owner), { id, at });
      return id;
    }),
  finish: (owner) => process.ask("beginnings.finish", "write", () => void requests.underWay.delete(formatOwner(owner))),
});

export const requestsPort = ({ requests }: State, process: Process): SavedRequests => ({
  save: (request, at, outcome) =>
    process.ask("requests.save", "write", () => {
      const { runId, provisionId } = request;
      const ofRun = requests.asked.get(runId) ?? new Map<string, Request>();
      requests.asked.set(runId, ofRun.set(provisionId, request));
      if (outcome !== undefined) keep(requests, runId, outcome, at);
    }),
  ofRun: (runId) => process.ask("requests.ofRun", "read", () => [...(requests.asked.get(runId)?.values() ?? [])]),
  recordOutcome: (runId, outcome) =>
    process.ask("requests.recordOutcome", "write", () => {
      if (requests.asked.has(runId)) keep(requests, runId, outcome, outcome.at);
    }),
  end: (runId, ending) =>
    process.ask("requests.end", "write", () => {
      const kept = requests.outcomes.get(runId);
      if (kept === undefined) return;
      const { attempt, at } = ending;
      if (!kept.endings.some((one) => one.attempt === attempt && one.at === at)) kept.endings.push(ending);
      kept.at = at;
    }),
  unreported: () =>
    process.ask("requests.unreported", "read", () => ({
      from: requests.reportedUntil,
      runs: keptSince(requests, requests.reportedUntil),
    })),
  repositories: (since) =>
    process.ask("requests.repositories", "read", () => repositoriesOf(keptSince(requests, since))),
  markReported: (until) => process.ask("requests.markReported", "write", () => void (requests.reportedUntil = until)),
});
