// What runs have asked for, as the world keeps it, and the port `SavedRequests` on it.
import { limits } from "../../domain/limits.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import type { Request } from "../../domain/request.ts";
import { repositoriesOf, type Ending, type Outcome, type RunOutcomes } from "../../domain/outcome.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
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

const outOfReach = (problem: string): never => {
  throw new OutOfReach(problem);
};

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
    process.call({
      what: "beginnings.begin",
      kind: "write",
      apply: () => {
        const found = requests.underWay.get(formatOwner(owner));
        if (found !== undefined && found.at >= since && found.at <= at + limits.aheadMs) return found.id;
        requests.underWay.set(formatOwner(owner), { id, at });
        return id;
      },
      lost: outOfReach,
    }),
  finish: (owner) =>
    process.call({
      what: "beginnings.finish",
      kind: "write",
      apply: () => void requests.underWay.delete(formatOwner(owner)),
      lost: outOfReach,
    }),
});

export const requestsPort = ({ requests }: State, process: Process): SavedRequests => ({
  save: (request, at, outcome) =>
    process.call({
      what: "requests.save",
      kind: "write",
      apply: () => {
        const { runId, provisionId } = request;
        const ofRun = requests.asked.get(runId) ?? new Map<string, Request>();
        requests.asked.set(runId, ofRun.set(provisionId, request));
        if (outcome !== undefined) keep(requests, runId, outcome, at);
      },
      lost: outOfReach,
    }),
  ofRun: (runId) =>
    process.call({
      what: "requests.ofRun",
      kind: "read",
      apply: () => [...(requests.asked.get(runId)?.values() ?? [])],
      lost: outOfReach,
    }),
  recordOutcome: (runId, outcome) =>
    process.call({
      what: "requests.recordOutcome",
      kind: "write",
      apply: () => {
        if (requests.asked.has(runId)) keep(requests, runId, outcome, outcome.at);
      },
      lost: outOfReach,
    }),
  end: (runId, ending) =>
    process.call({
      what: "requests.end",
      kind: "write",
      apply: () => {
        const kept = requests.outcomes.get(runId);
        if (kept === undefined) return;
        const { attempt, at } = ending;
        if (!kept.endings.some((one) => one.attempt === attempt && one.at === at)) kept.endings.push(ending);
        kept.at = at;
      },
      lost: outOfReach,
    }),
  unreported: () =>
    process.call({
      what: "requests.unreported",
      kind: "read",
      apply: () => ({
        from: requests.reportedUntil,
        runs: keptSince(requests, requests.reportedUntil),
      }),
      lost: outOfReach,
    }),
  repositories: (since) =>
    process.call({
      what: "requests.repositories",
      kind: "read",
      apply: () => repositoriesOf(keptSince(requests, since)),
      lost: outOfReach,
    }),
  markReported: (until) =>
    process.call({
      what: "requests.markReported",
      kind: "write",
      apply: () => void (requests.reportedUntil = until),
      lost: outOfReach,
    }),
});
