// One look at an environment for `status` and `instances`.
import type { OperatedWorld } from "../control-world.ts";
import type { Context } from "./context.ts";
import { poolsOf, shown, sorted, type Snapshot } from "./snapshot.ts";

/** Reads configuration, every record, and how full the queues are (a queue that does not answer is left open). */
export async function look(
  world: OperatedWorld,
  { place, progress }: Pick<Context, "place" | "progress">,
): Promise<Snapshot> {
  const { environment, region } = place();
  const { configuration, paused } = await world.settings.load();
  const classes = Object.keys(configuration.resourceClasses);
  const depth = async (name: string): Promise<readonly [string, number] | undefined> =>
    world.pool.depth(name).then(
      (count) => [name, count] as const,
      () => undefined,
    );
  const waiting = progress.waiting(() => "reading the instances");
  const [{ items, damaged }, depths] = await Promise.all([
    world.instances.all(),
    Promise.all(classes.map(depth)),
  ]).finally(() => waiting.done());
  const at = world.clock.now();
  const alive = items.filter(({ state }) => state !== "terminated");
  return {
    environment,
    region,
    at,
    ...(paused === undefined ? {} : { paused }),
    instances: sorted(items.map((record) => shown(record, at))),
    pools: poolsOf(alive, classes, new Map(depths.filter((one) => one !== undefined))),
    damaged,
  };
}
