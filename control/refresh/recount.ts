// Recounting: the counters behind the maxima are set to what the table holds, should crashes have left them wrong.
import { limits, maxima } from "../../domain/limits.ts";
import type { MachineSeen } from "../../cloud/ports/fleet.ts";
import type { Counter } from "../../cloud/ports/settings.ts";
import { countersOf, environmentCounter, partitionCounter, tags } from "../../domain/names.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { ControlWorld } from "../world.ts";

/** Records that are not terminated, and machines that nobody has recorded (yet, or ever): both hold a place. */
function count(records: readonly InstanceRecord[], machines: readonly MachineSeen[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>([[environmentCounter, 0]]);
  const add = (partition: string, places: number): void => {
    for (const scope of countersOf(partition)) counts.set(scope, (counts.get(scope) ?? 0) + places);
  };
  for (const record of records) add(record.partition, record.state === "terminated" ? 0 : 1);
  const recorded = new Set(records.map(({ instanceId }) => instanceId));
  for (const machine of machines) if (!recorded.has(machine.instanceId)) add(machine.tags[tags.partition] ?? "", 1);
  return counts;
}

export type Counters = ReadonlyMap<string, Counter | undefined>;

/** The counters of these partitions and of the environment. Read before the records that they are compared with. */
export async function readCounters(
  world: Pick<ControlWorld, "settings">,
  partitions: Iterable<string>,
): Promise<Counters> {
  const scopes = [environmentCounter, ...[...partitions].map(partitionCounter)];
  const values = await Promise.all(scopes.map(async (scope) => [scope, await world.settings.counter(scope)] as const));
  return new Map(values);
}

/** How long a reservation may be in flight: its CreateFleet, and then the records, are each asked for again where a reply is lost. */
const inFlightMs = limits.reservationMs * (maxima.unknownTries + 1);

/** By how much each counter that is not what was counted exceeds it. */
export function excess(
  counters: Counters,
  records: readonly InstanceRecord[],
  machines: readonly MachineSeen[],
): ReadonlyMap<string, number> {
  const counts = count(records, machines);
  const all = [...counters].map(([scope, seen]) => [scope, (seen?.count ?? 0) - (counts.get(scope) ?? 0)] as const);
  return new Map(all.filter(([, by]) => by !== 0));
}

/**
 * A reservation precedes its records by the time of one CreateFleet. So an excess counts only where a second look after that time finds
 * the very same, and nothing has been reserved in between: what was in flight then has landed. Instances may end meanwhile; each
 * leaves counter and table alike. The write stands on condition that the counter has not moved since. One that
 * cannot be written keeps none of the others; the first such error is thrown at the end.
 */
export async function recount(
  world: Pick<ControlWorld, "settings" | "instances" | "fleet" | "clock" | "log">,
  partitions: Iterable<string>,
  counters: Counters,
  records: readonly InstanceRecord[],
  machines: readonly MachineSeen[],
): Promise<void> {
  const first = excess(counters, records, machines);
  if (first.size === 0) return;
  world.log.event("counter.doubted", { scopes: [...first.keys()].join(", "), againMs: inFlightMs });
  await world.clock.sleep(inFlightMs);
  const before = await readCounters(world, partitions);
  const seen = await world.fleet.ours();
  const again = excess(before, (await world.instances.all()).items, seen);
  const failed: unknown[] = [];
  for (const [scope, by] of first) {
    const now = before.get(scope);
    if (again.get(scope) !== by || now?.reserved !== counters.get(scope)?.reserved) continue;
    const counted = (now?.count ?? 0) - by;
    try {
      await world.settings.recount(scope, now, counted);
      world.log.event("counter.recounted", { scope, seen: now?.count ?? 0, counted });
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
}
