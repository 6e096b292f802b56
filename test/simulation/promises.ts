// What must be true when a provision says ready, and what must be left of a world that has healed and come to rest: nothing.
import type { Provisioned } from "../../control/runs/provision.ts";
import { countersOf } from "../../domain/names.ts";
import { limits } from "../../domain/limits.ts";
import { decodeRecord, isDamaged } from "../../domain/record.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import type { Request } from "../../domain/request.ts";
import { isPaidFor, type Machine } from "../world/machine.ts";
import { placesHeld } from "../world/checks.ts";
import { ceilings } from "../world/faults.ts";
import { repositories, type World } from "../world/world.ts";
import { leftInQueuesAndVault } from "./leftovers.ts";

const ownerNameOf = ({ runId, attempt, provisionId }: Request): string =>
  formatOwner(runOwner(runId, attempt, provisionId));

/** A run is told of as many runners as it asked for, each its own, and each known to GitHub under its run id unless a fault has hit it. */
export function readyIsReady(
  world: World,
  name: string,
  request: Request,
  { instances }: Extract<Provisioned, { kind: "ready" }>,
): void {
  const { checks, machines, table, forge } = world;
  const wrong = (detail: string): void => checks.violated("its runners, or a clear failure", `${name}: ${detail}`);
  const different = new Set(instances.map(({ instanceId }) => instanceId)).size;
  const enough = different === request.count || different >= (request.minCount ?? request.count);
  if (!enough || different > request.count || different < instances.length)
    wrong(`${instances.length} instances instead of ${request.count}`);
  for (const { instanceId } of instances) {
    const machine = machines.byId(instanceId);
    if (machine === undefined) return wrong(`${instanceId} does not exist`);
    // What an owner of its root says of it is worth nothing, to its own run either.
    if (machine.taken !== undefined || table.isForged(machine.key)) continue;
    const record = table.get(machine.key);
    // A release of the same run may have come between, and another provision of it taken the instance.
    if (record?.owner !== ownerNameOf(request)) continue;
    const expired = record.threshold <= world.time.now() || record.retiredAt !== undefined;
    if (!machine.served.has(record.assignment)) wrong(`${instanceId} has never listened for it`);
    if (machine.disturbed || machine.cutOff !== undefined || expired) continue;
    if (record.wanted === "leave") continue;
    const runner = [...forge.runners.values()].find((one) => one.name.endsWith(`${instanceId}-${record.assignment}`));
    if (runner === undefined) wrong(`GitHub knows no runner of ${instanceId}`);
    else if (!runner.labels.includes(request.runId)) wrong(`${runner.name} does not carry the run's label`);
  }
}

/**
 * A provision that ended without success keeps nothing: all that it took was given back, or asked to leave. Where a claim may be applied
 * after its caller has given it up, nobody can know of it: then its threshold ends it, and this is not asked.
 */
export function nothingKept(world: World, name: string, request: Request): void {
  const { checks, table, time, faults } = world;
  if (faults.rates.late > 0) return;
  for (const record of table.all()) {
    if (
      record.owner !== ownerNameOf(request) ||
      table.isForged(record.key) ||
      record.wanted === "leave" ||
      record.retiredAt !== undefined
    )
      continue;
    if (record.state === "terminating" || record.state === "terminated" || record.threshold <= time.now()) continue;
    checks.violated("nothing half done", `${name} has ended, and ${record.instanceId} is ${record.state} for it`);
  }
}

/** What was asked to leave answers within release's patience, unless a job runs or a fault has hit it. */
export function allAnswered(world: World, name: string, left: readonly { readonly instanceId: string }[]): void {
  const { checks, machines, table, time } = world;
  for (const { instanceId } of left) {
    const machine = machines.byId(instanceId);
    const record = machine === undefined ? undefined : table.get(machine.key);
    if (machine === undefined || machine.disturbed || machine.cutOff !== undefined || machine.job !== undefined)
      continue;
    if (machine.agent?.alive !== true || record?.wanted !== "leave" || record.owner === undefined) continue;
    // Past its threshold by the clock of the release, which may be ahead, it is nobody's to wait for.
    if (record.retiredAt !== undefined || record.threshold <= time.now() + ceilings.controlSkewMs) continue;
    if (record.signal?.kind === "deregistered") continue;
    if (record.state !== "terminating")
      checks.violated("every leave is answered", `${name} left ${instanceId}: ${record.state}, ${record.signal?.kind}`);
  }
}

const describe = (world: World, machine: Machine): string => {
  const record = world.table.get(machine.key);
  const age = Math.round((world.time.now() - machine.launchedAt) / 60_000);
  return `${machine.instanceId} (${machine.state}${machine.hung ? ", hung" : ""}, ${age} min old, agent ${machine.agent?.alive === true ? "alive" : "dead"}, record ${record?.state ?? "none"} owner ${record?.owner ?? "-"} wanted ${record?.wanted ?? "-"} signal ${record?.signal?.kind ?? "-"} assignment ${record?.assignment ?? "-"} threshold ${record === undefined ? "-" : Math.round((record.threshold - world.time.now()) / 1000)} s away)`;
};

/** Once nothing has been asked for longer than every limit: no machine, record, runner, counter, message or parameter is left that should not be. */
export function nothingLeft(world: World): void {
  const { checks, machines, table, forge, words } = world;
  for (const machine of machines.all())
    if (isPaidFor(machine)) checks.violated("no leak: every machine ends", describe(world, machine));
  for (const record of table.all())
    if (record.state !== "terminated" && !(table.isForged(record.key) && isDamaged(decodeRecord(record))))
      checks.violated(
        "no leak: every record ends",
        `${record.instanceId} is ${record.state} (${record.reason?.code ?? ""})`,
      );
  for (const runner of forge.runners.values())
    checks.violated(
      "no leak: no ghost runner at GitHub",
      `${runner.name}, ${runner.shownOnline ? "online" : "offline"}`,
    );
  // Of a partition that is not configured nobody asks for a place: only whoever writes records has made that counter.
  const configured = new Set(repositories.flatMap((repository) => countersOf(`github:${repository}`)));
  for (const [scope, count] of words.counters)
    if (count !== 0 && configured.has(scope))
      checks.violated("counters are right", `${scope} says ${count}, nothing is alive`);
  for (const what of leftInQueuesAndVault(world)) checks.violated("no leak: no message and no parameter", what);
}

/** What keeps refresh from its work for longer than a few of its periods: with one of these a bound in minutes is not promised. */
const hindrances = ["refreshDies", "forgeFails", "forgeLimited", "forgeRefuses"] as const;
/** A look at GitHub that comes late, two refreshes, one of which may find the table throttled, and the limits themselves. */
const minutesMs = 25 * 60_000;

/** During the life, while refresh comes: what hangs while it serves, and what has no record, is ended within minutes. */
export function endsInMinutes({ checks, machines, table, time, faults }: World): void {
  if (hindrances.some((name) => faults.rates[name] > 0)) return;
  const since = (moment: number | undefined): boolean => moment !== undefined && time.now() - moment > minutesMs;
  for (const machine of machines.all().filter(isPaidFor)) {
    const record = table.get(machine.key);
    const item = record === undefined ? undefined : decodeRecord(record);
    const serves = record?.wanted === "serve" && (record.state === "claimed" || record.state === "running");
    if (machine.hung && serves && !table.isForged(machine.key) && since(machine.downSince))
      checks.violated("a serving one that hangs is ended in minutes", machine.instanceId);
    const none = item === undefined || ("foreign" in item && item.foreign);
    const from = Math.max(machine.launchedAt + limits.bootMs, table.forgedAt(machine.key) ?? 0);
    if (none && since(from)) checks.violated("a machine without a record is ended in minutes", machine.instanceId);
  }
}

/** At rest nothing is in flight: each counter says what is there. */
export function countersAreRight(world: World): void {
  for (const [scope, count] of world.words.counters) {
    const held = placesHeld(world, scope);
    if (count !== held) world.checks.violated("counters are right", `${scope} says ${count}, ${held} hold a place`);
  }
}

/** Instances that idle within their threshold can be found: the queue of their class holds as many messages as refresh promises. */
export function idleOnesAreQueued(world: World): void {
  const { checks, table, queues, time } = world;
  const idle = table
    .all()
    .filter(({ key, state, threshold }) => state === "idle" && threshold > time.now() + 60_000 && !table.isForged(key));
  for (const [resourceClass, ofClass] of Map.groupBy(idle, (record) => record.resourceClass)) {
    const messages = queues.get(resourceClass)?.size ?? 0;
    if (messages < ofClass.length)
      checks.violated("no idle instance is lost", `${ofClass.length} idle ${resourceClass}, ${messages} messages`);
  }
}
