// What came of a provision, kept in the same write as its request: refresh publishes it as metrics; workflow roles may not.
import type { Outcome } from "../../domain/outcome.ts";
import { estimatedUsdPerHour } from "../../domain/prices.ts";
import type { Request } from "../../domain/request.ts";
import type { DemandContext, Taken } from "../pool/demand-context.ts";
import type { ControlWorld } from "../world.ts";

/** As its instances are all registered. A re-run that cannot be served, or a metric that is missing, is no reason to fail. */
export async function remember(
  { requests, log }: Pick<ControlWorld, "requests" | "log">,
  request: Request,
  context: DemandContext,
  ready: readonly Taken[],
  again: boolean,
): Promise<void> {
  const outcome = outcomeOf(request, context, ready);
  const kept = again ? requests.recordOutcome(request.runId, outcome) : requests.save(request, outcome.at, outcome);
  await kept.catch((error: unknown) => log.event("request.unsaved", { problem: String(error) }));
}

function outcomeOf(request: Request, { world, begun, lost }: DemandContext, chosen: readonly Taken[]): Outcome {
  const { attempt, provisionId, repository, resourceClass, usageClass } = request;
  const at = world.clock.now();
  const created = chosen.filter(({ origin }) => origin === "created").length;
  const prices = chosen.map(({ record }) => estimatedUsdPerHour(record.instanceType, record.usageClass));
  const known = prices.filter((price) => price !== undefined);
  const usdPerHour = known.reduce((sum, price) => sum + price, 0);
  return {
    attempt,
    provisionId,
    repository,
    resourceClass,
    usageClass,
    at,
    readyMs: at - begun,
    created,
    reused: chosen.length - created,
    claimsLost: lost.claims,
    ...(known.length === prices.length ? { usdPerHour } : {}),
  };
}
