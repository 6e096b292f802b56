// Out of time: why a provision's instances were not ready, and who holds the places of a maximum that is reached.
import { countersOf } from "../../domain/names.ts";
import type { DemandContext } from "./demand-context.ts";
import { fullAt } from "./places.ts";
import { reasonOf } from "./reasons.ts";
import type { Held } from "./validation.ts";

/** `full`: the scope whose maximum was reached. Rejects where the table cannot be read. */
export async function explainOutOfTime(context: DemandContext, held: Held, full: string | undefined): Promise<void> {
  const { world, demand } = context;
  const missing = demand.count - held.ready.size;
  for (const [key, { record }] of held.taken)
    if (!held.ready.has(key)) held.reasons.unshift(reasonOf(record, { code: "not-ready" }));
  held.reasons.unshift({ code: "out-of-time", missing, count: demand.count });
  if (full === undefined) return;
  const { items } = await world.instances.all();
  const holders = new Map<string, number>();
  for (const { state, owner, partition } of items)
    if (state !== "terminated" && countersOf(partition).includes(full))
      holders.set(owner ?? state, (holders.get(owner ?? state) ?? 0) + 1);
  const top = [...holders].sort((a, b) => b[1] - a[1]).slice(0, 5);
  held.reasons.push({ ...fullAt(context, full), holders: top });
}
