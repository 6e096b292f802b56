// How far an image's runner is behind: GitHub gives it no jobs any more 30 days after a newer one is out. Pure.
import type { EpochMs } from "../../../cloud/ports/clock.ts";
import type { RunnerRelease } from "../../../cloud/ports/images.ts";
import { imageLimits } from "../../../domain/image.ts";

export type RunnerAge = {
  readonly kind: "fresh" | "behind" | "warn" | "alarm" | "evict";
  /** What came out first after it. */
  readonly newer?: RunnerRelease;
  /** Until GitHub gives it no more jobs, ms; below zero: it already does not. */
  readonly leftMs?: number;
};

/** Negative where `a` is older: numbers between dots, compared one by one; a leading `v` allowed. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.replace(/^v/, "").split(".").map(Number)) as [
    number[],
    number[],
  ];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function runnerAge(version: string, releases: readonly RunnerRelease[], now: EpochMs): RunnerAge {
  const newer = releases
    .filter((release) => compareVersions(release.version, version) > 0)
    .toSorted((a, b) => a.publishedAt - b.publishedAt)[0];
  if (newer === undefined) return { kind: "fresh" };
  const age = now - newer.publishedAt;
  const leftMs = imageLimits.runnerRefusedMs - age;
  const { runnerWarnMs, runnerAlarmMs, runnerEvictMs } = imageLimits;
  const kind =
    age >= runnerEvictMs ? "evict" : age >= runnerAlarmMs ? "alarm" : age >= runnerWarnMs ? "warn" : "behind";
  return { kind, newer, leftMs };
}
