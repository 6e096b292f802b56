// What came of a provision, kept in the same write as its request: refresh tells it as metrics, whose rights a workflow has not.
import type { Outcome } from "../../domain/outcome.ts";
import { estimatedUsdPerHour } from "../../domain/prices.ts";
import type { Taken, Undertaking } from "../pool/taken.ts";
import type { Held } from "../pool/validation.ts";

/** As its instances are all registered. A re-run that cannot be served, or a metric that is missing, is no reason to fail. */
export async function remember(undertaking: Undertaking, { taken, ready }: Held, again: boolean): Promise<void> {
  const { world, request } = undertaking;
  const chosen = [...ready].slice(0, request.count).flatMap((key) => taken.get(key) ?? []);
  const outcome = outcomeOf(undertaking, chosen);
  const kept = again ? world.requests.came(request.runId, outcome) : world.requests.save(request, outcome.at, outcome);
  await kept.catch((error: unknown) => world.log.event("request.unsaved", { problem: String(error) }));
}

function outcomeOf({ world, request, begun, lost }: Undertaking, chosen: readonly Taken[]): Outcome {
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
