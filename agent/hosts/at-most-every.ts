// How often the watch of a runner's folder wakes the agent: a job can write to files there as often as it likes.
import type { Clock } from "../../cloud/ports/clock.ts";

/** For each file name: true at its first change, then only once `everyMs` have passed; what falls between, the watcher's own poll tells. */
export function atMostEvery(everyMs: number, clock: Pick<Clock, "now">): (file: string | null) => boolean {
  const last = new Map<string | null, number>();
  return (file) => {
    const now = clock.now();
    if (now - (last.get(file) ?? Number.NEGATIVE_INFINITY) < everyMs) return false;
    last.set(file, now);
    return true;
  };
}
