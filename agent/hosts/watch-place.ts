// Watches a runner's folder and its listener for the agent, which is woken at most so often: jobs can write there without end.
import { watch, type FSWatcher } from "node:fs";
import type { Clock } from "../../cloud/ports/clock.ts";
import { hostLimits } from "../machine/host-limits.ts";

export interface Watcher {
  readonly clock: Clock;
  /** Called at the first change of each file, then at most once in `hostLimits.watchPollMs`. */
  readonly onChange: () => void;
}

/**
 * Resolves when the listener has ended, at the latest `hostLimits.watchPollMs` afterwards, or when told to stop; never rejects. After a change it calls
 * once more a little later: a worker begins shortly after the listener has written that it will.
 */
export async function watchPlace(
  folder: string,
  runs: () => Promise<boolean>,
  { clock, onChange }: Watcher,
  stop?: AbortSignal,
): Promise<void> {
  const stopped = (): boolean => stop?.aborted === true;
  const last = new Map<string | null, number>();
  let changed = false;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, { persistent: false }, (_, file) => {
      changed = true;
      const now = clock.now();
      if (now - (last.get(file) ?? Number.NEGATIVE_INFINITY) < hostLimits.watchPollMs) return;
      last.set(file, now);
      onChange();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // The folder does not exist, or no longer: then the listener has ended too.
  }
  // A listener that cannot be looked at counts as running.
  while (!stopped() && (await runs().catch(() => true))) {
    await clock.sleep(hostLimits.watchPollMs, stop);
    if (changed && !stopped()) onChange();
    changed = false;
  }
  watcher?.close();
}
