// Out of time: why a provision's instances were not ready, and who holds the places of a maximum that is reached.
import { countersOf } from "../domain/names.ts";
import { scopesOf } from "./places.ts";
import type { Undertaking } from "./taken.ts";
import { reasonOf, type Held } from "./validation.ts";

export function fullWords(undertaking: Undertaking, full: string): string {
  const maximum = scopesOf(undertaking).find(({ name }) => name === full)?.maximum;
  return `the maximum of ${maximum} instances (${full}) is reached`;
}

/** `full`: the scope whose maximum was reached. Rejects where the table cannot be read. */
export async function tellOutOfTime(undertaking: Undertaking, held: Held, full: string | undefined): Promise<void> {
  const { world, request } = undertaking;
  const missing = request.count - held.ready.size;
  for (const [key, { record }] of held.taken)
    if (!held.ready.has(key)) held.reasons.unshift(reasonOf(record, "it was not ready in time"));
  held.reasons.unshift(`${missing} of ${request.count} instances were not ready in time`);
  if (full === undefined) return;
  const { items } = await world.instances.all();
  const holders = new Map<string, number>();
  for (const { state, owner, partition } of items)
    if (state !== "terminated" && countersOf(partition).includes(full))
      holders.set(owner ?? state, (holders.get(owner ?? state) ?? 0) + 1);
  const top = [...holders].sort((a, b) => b[1] - a[1]).slice(0, 5);
  held.reasons.push(
    `${fullWords(undertaking, full)}; held by ${top.map(([who, n]) => `${who} (${n})`).join(", ")}: release them, or raise the maximum (limits in the environment's file)`,
  );
}
