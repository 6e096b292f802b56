// What came of provisions, as metrics: one line for each that became ready, one for each that ended, with the repository beside them.
import type { newsOf, Told } from "../../domain/outcome.ts";
import { emfLine } from "./emf.ts";

const about = ({ runId, outcome: { repository, attempt, provisionId, resourceClass, usageClass } }: Told) => ({
  repository,
  runId,
  attempt,
  provisionId,
  resourceClass,
  usageClass,
});

export function outcomeMetrics(environment: string, { ready, used }: ReturnType<typeof newsOf>): readonly string[] {
  return [
    ...ready.map((told) => {
      const { at, readyMs, created, reused, claimsLost } = told.outcome;
      const values = { timeToReady: readyMs, created, reused, claimsLost };
      return emfLine({ environment, at, values, properties: about(told) });
    }),
    ...used.map((told) => {
      const { endedAt: at, instanceSeconds, usd } = told;
      const values = { instanceSeconds, ...(usd === undefined ? {} : { cost: usd }) };
      return emfLine({ environment, at, values, properties: about(told) });
    }),
  ];
}
