// The idle floor: as many idle instances as configured are kept alive, and created without an owner where they are short.
import type { Brake } from "../../domain/brake.ts";
import { classOf, floorPool, retiredClassesOf, type Configuration } from "../../domain/configuration.ts";
import type { Demand } from "../../domain/demand.ts";
import { limits } from "../../domain/limits.ts";
import { isPast } from "../../domain/needs.ts";
import type { Part, Problem, Reason } from "../../domain/reasons.ts";
import type { Architecture, InstanceRecord, UsageClass } from "../../domain/record.ts";
import { collectingErrors } from "../pool/attempt.ts";
import { create, newRounds, usableBase } from "../pool/creation.ts";
import { fullAt, roomOf, scopesOf } from "../pool/places.ts";
import { contextOf, type DemandContext } from "../pool/demand-context.ts";
import { scopesInUse } from "./tokens.ts";
import type { ControlWorld } from "../world.ts";

export interface Floor {
  readonly partition: string;
  readonly resourceClass: string;
  readonly architecture: Architecture;
  readonly usageClass: UsageClass;
  readonly count: number;
}

/** The floors of every partition; names that are no class and architecture are left out (refresh reports them). */
export function floorsOf(configuration: Configuration): readonly Floor[] {
  return [...scopesInUse(configuration).keys()].flatMap((partition) =>
    Object.entries(configuration.idleFloors).flatMap(([name, count]): Floor[] => {
      const { resourceClass, architecture, usageClass } = floorPool(name, configuration);
      if (architecture !== "x64" && architecture !== "arm64") return [];
      if (configuration.resourceClasses[resourceClass] === undefined || count <= 0) return [];
      if (usageClass !== "spot" && usageClass !== "on-demand") return [];
      return [{ partition, resourceClass, architecture, usageClass, count }];
    }),
  );
}

/** Floors of classes that nobody may ask for any more: they are not kept, and the report says so. */
const ignored = (configuration: Configuration): readonly Problem[] =>
  Object.entries(configuration.idleFloors).flatMap(([pool, count]): Problem[] => {
    const [resourceClass = ""] = pool.split("/");
    if (count <= 0 || Object.hasOwn(configuration.resourceClasses, resourceClass)) return [];
    const retired = retiredClassesOf(configuration).includes(resourceClass);
    return [{ code: "floor-ignored", pool, resourceClass, retired }];
  });

export interface FloorPlan {
  /** Idle ones of the floor whose threshold comes near. */
  readonly extend: readonly InstanceRecord[];
  /** How many are to be created. */
  readonly missing: number;
}

/** What a floor lacks, from the records that nothing else is due on: those on their way count as well. Pure. */
export function planFloor(floor: Floor, records: readonly InstanceRecord[], now: number): FloorPlan {
  const ofPool = records.filter(
    (record) =>
      record.partition === floor.partition &&
      record.resourceClass === floor.resourceClass &&
      record.architecture === floor.architecture &&
      record.usageClass === floor.usageClass &&
      !isPast(record, now),
  );
  // Those that have longest to live are kept: the others end by themselves, and the pool shrinks back to its floor.
  const idle = ofPool.filter(({ state }) => state === "idle").sort((a, b) => b.threshold - a.threshold);
  const coming = ofPool.filter(({ state, owner }) => state === "created" && owner === undefined);
  const kept = idle.slice(0, floor.count);
  return {
    extend: kept.filter(({ threshold }) => threshold - now < limits.floorExtendMs),
    missing: Math.max(0, floor.count - idle.length - coming.length),
  };
}

export interface FloorKept {
  readonly extended: number;
  readonly created: number;
  readonly problems: readonly Problem[];
}

const partOf = ({ resourceClass }: Floor): Part => ({ part: "idle floor", of: resourceClass });

/** One failing floor does not block the others. */
export async function keepFloors(
  world: ControlWorld,
  configuration: Configuration,
  records: readonly InstanceRecord[],
  dryRun: boolean,
  brakes: readonly Brake[] = [],
): Promise<FloorKept> {
  const begun = world.clock.now();
  let extended = 0;
  let created = 0;
  const problems = [...ignored(configuration)];
  /** Places that a dry run would have taken by now. */
  const spoken = new Map<string, number>();
  const attempt = collectingErrors(world, problems);
  const keep = async (floor: Floor): Promise<void> => {
    const now = world.clock.now();
    const plan = planFloor(floor, records, now);
    const demand = demandOf(configuration, floor, plan.missing, begun);
    const context = contextOf(world, { configuration, brakes }, demand, { begun, foundMs: limits.foundMs });
    const tell = (reason: Reason): void => void problems.push({ code: "short", ...partOf(floor), reason });
    if (dryRun) {
      extended += plan.extend.length;
      created += await foresee(context, spoken, tell);
      return;
    }
    for (const record of plan.extend) {
      const decision = await world.instances.move("extend-idle", record, { now, threshold: now + limits.floorMs });
      if (decision.kind === "done") extended++;
    }
    if (plan.missing === 0) return;
    const made = await create(context, plan.missing, newRounds(""), () => undefined);
    created += made.taken.length;
    if (made.full !== undefined) tell(fullAt(context, made.full));
    if (made.braked !== undefined) tell(made.braked);
    for (const problem of made.problems) tell(problem);
  };
  for (const floor of floorsOf(configuration)) await attempt(partOf(floor), undefined, () => keep(floor));
  return { extended, created, problems };
}

/** How many would be created: of what can be known without asking EC2 for a machine. */
async function foresee(
  context: DemandContext,
  spoken: Map<string, number>,
  tell: (reason: Reason) => void,
): Promise<number> {
  const missing = context.demand.count;
  if (missing === 0) return 0;
  const { scope, places } = await roomOf(context, spoken);
  if (places < missing) tell(fullAt(context, scope));
  if (places <= 0) return 0;
  const base = await usableBase(context);
  if ("kind" in base) {
    tell(
      base.kind === "braked" ? { code: "braked", brake: base.brake } : { code: "launch", rung: "as-asked", ...base },
    );
    return 0;
  }
  const count = Math.min(missing, places);
  for (const { name } of scopesOf(context)) spoken.set(name, (spoken.get(name) ?? 0) + count);
  return count;
}

/** A refresh that comes twice in one period makes the same demand, with the same client tokens, and gets the same machines. */
function demandOf(configuration: Configuration, floor: Floor, count: number, begun: number): Demand {
  const { resourceClass, architecture, usageClass, partition } = floor;
  return {
    owner: {
      kind: "floor",
      period: Math.floor(begun / limits.refreshMs),
      pool: `${partition}/${resourceClass}/${architecture}/${usageClass}`,
    },
    partition,
    count,
    least: 1,
    resourceClass,
    minimum: configuration.resourceClasses[resourceClass] ?? { cpu: 1, mmem: 512 },
    architecture,
    usageClass,
    allowedTypes: [],
    fallback: false,
    // Nothing is begun in the second half, nor by the last of them.
    until: begun + 2 * limits.floorsMs,
    registration: [],
    maxRuntimeMs: classOf(configuration, resourceClass).maxRuntimeMs,
    lifetime: "pooled",
  };
}
