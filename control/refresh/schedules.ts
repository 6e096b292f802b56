// Idle floors by the clock: refresh brings about what the clock says, whether or not somebody woke it at the very minute.
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import { merge, type Overlay, type Schedule } from "../../domain/configuration.ts";
import { cameLast } from "../../domain/cron.ts";
import type { ControlWorld } from "../world.ts";

/** The schedule that came last, and when (epoch ms); of two that came together the later in the file. */
function latest(schedules: readonly Schedule[], now: number): (Schedule & { readonly at: number }) | undefined {
  const came = schedules.flatMap((schedule) => {
    const at = cameLast(schedule.cron, schedule.timezone, now);
    return at === undefined ? [] : [{ ...schedule, at }];
  });
  return came.toSorted((a, b) => a.at - b.at).at(-1);
}

const same = (one: Schedule["idleFloors"], other: Schedule["idleFloors"]): boolean =>
  Object.keys({ ...one, ...other }).every((pool) => one[pool] === other[pool]);

/**
 * The settings with the floors of the schedule that came last, written to the overlay where it does not follow them yet. What an operator
 * has written since then stays until the next one comes; the overlay's other parts stay in any case. Rejects with `OutOfReach`.
 */
export async function followSchedules(
  world: ControlWorld,
  loaded: LoadedSettings,
  dryRun: boolean,
): Promise<LoadedSettings> {
  const { defaults, overlay, overlayProblems } = loaded;
  // An unusable overlay waits for its author: the rest of what it says is not to be lost.
  if (overlayProblems !== undefined) return loaded;
  const { schedules = [] } = defaults;
  const { scheduled } = overlay;
  const lay = async (next: Overlay, schedule: string, at: number): Promise<LoadedSettings> => {
    if (!dryRun) await world.settings.writeOverlay(next, overlay);
    world.log.event("floors.scheduled", { schedule, at: new Date(at).toISOString() });
    return { ...loaded, overlay: next, configuration: merge(defaults, next) };
  };
  if (schedules.length === 0) {
    if (scheduled === undefined) return loaded;
    // The last floors of schedules that were taken out would be kept for ever; what an operator has written since is his.
    const { scheduled: _, idleFloors, ...rest } = overlay;
    const own = idleFloors === undefined || same(idleFloors, scheduled.idleFloors) ? {} : { idleFloors };
    return await lay({ ...rest, ...own }, "none", world.clock.now());
  }
  const schedule = latest(schedules, world.clock.now());
  if (schedule === undefined) return loaded;
  const { name, at, idleFloors } = schedule;
  const follows =
    scheduled !== undefined && (scheduled.at > at || (scheduled.at === at && same(scheduled.idleFloors, idleFloors)));
  return follows ? loaded : await lay({ ...overlay, idleFloors, scheduled: { at, idleFloors } }, name, at);
}
