// The summary of `runpool local`: a table for people, one object for programs.
import type { CallCounts } from "../../sim/http/call-counts.ts";
import type { Story } from "./story.ts";

export interface Summary {
  readonly runs: number;
  readonly jobs: number;
  readonly created: number;
  readonly reused: number;
  readonly leaked: number;
  /** Time to ready by run, ms. */
  readonly readyMs: Readonly<Record<string, number>>;
  /** Runs that the pool served alone. */
  readonly warm: readonly string[];
  /** API calls by service. */
  readonly calls: Readonly<Record<string, number>>;
  readonly ok: boolean;
  readonly problems: readonly string[];
}

/** Machines bought and instances won from the pool, whatever became of the run. */
export interface Tally {
  created: number;
  reused: number;
}

export function summaryOf(
  story: Story,
  { created, reused }: Tally,
  leaks: readonly string[],
  aws: CallCounts,
  github: Readonly<Record<string, number>>,
): Summary {
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, n) => sum + n, 0);
  const { runs, jobs, readyMs, warm } = story;
  const calls = Object.fromEntries(Object.entries(aws).map(([service, counts]) => [service, total(counts)]));
  const problems = [...story.problems, ...leaks];
  return {
    runs,
    jobs,
    created,
    reused,
    leaked: leaks.length,
    readyMs,
    warm,
    calls: { ...calls, github: total(github) },
    ok: problems.length === 0,
    problems,
  };
}

export function summaryText(summary: Summary): string {
  const { runs, jobs, created, reused, leaked, readyMs, warm, calls, ok, problems } = summary;
  return [
    `  runs ${runs}   jobs ${jobs}   created ${created}   reused ${reused}   leaked ${leaked}`,
    "",
    ...Object.entries(readyMs)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(
        ([run, ms]) =>
          `  run ${run} ready in ${(ms / 1000).toFixed(2).padStart(5)} s  ${warm.includes(run) ? "warm: from the pool" : "cold: machines created"}`,
      ),
    "",
    `  API calls: ${Object.entries(calls)
      .map(([service, n]) => `${service} ${n}`)
      .join(", ")}`,
    "",
    ok
      ? "  Every run got its runners, and nothing is left."
      : ["  This did not hold:", ...problems.map((problem) => `  - ${problem}`)].join("\n"),
  ].join("\n");
}
