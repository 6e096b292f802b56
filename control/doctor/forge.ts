// The doctor on GitHub: what the credentials may do, and how old the runner's version is. Pure.
import type { ForgeAnswer, RunnerRelease } from "../../cloud/doctor-ports.ts";
import { fail, ok, skipped, warn, type Check } from "./check.ts";

const day = 24 * 60 * 60_000;
/**
 * GitHub gives no jobs to a runner that was not updated within 30 days of a release (GitHub Docs, "Self-hosted runners reference",
 * runner software updates): told after two and three weeks, an alarm from 28 days on.
 */
const days = { noticed: 14, due: 21, alarm: 28, refused: 30 } as const;

/** `right`: what the answer proves, in GitHub's words. */
export const judgeForge = (name: string, right: string, answer: ForgeAnswer): Check =>
  answer.kind === "allowed"
    ? ok(name, right)
    : fail(name, answer.why, `give the App or token "${right}", then: runpool doctor`);

/** Dotted numbers, a leading `v` allowed. */
function isOlder(a: string, b: string): boolean {
  const numbers = (version: string): readonly number[] => version.replace(/^v/, "").split(".").map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The 30 days run from the first release that is newer than the oldest version in use. */
export function judgeRunnerVersion(inUse: readonly string[], releases: readonly RunnerRelease[], now: number): Check {
  const name = "runner version";
  const [oldest] = inUse.toSorted((a, b) => (isOlder(a, b) ? -1 : 1));
  if (oldest === undefined)
    return skipped(name, "no instance alive has said its runner's version, and the configuration names none");
  const newer = releases
    .filter(({ version }) => isOlder(oldest, version))
    .toSorted((a, b) => a.publishedAt - b.publishedAt);
  const [first] = newer;
  const newest = releases.reduce((best, { version }) => (isOlder(best, version) ? version : best), oldest);
  if (first === undefined) return ok(name, `${oldest} is the newest`);
  const age = Math.floor((now - first.publishedAt) / day);
  const found = `${oldest} was followed by ${first.version} ${age} day${age === 1 ? "" : "s"} ago; ${newest} is the newest`;
  const remedy = `build an image with runner ${newest}: \`runpool ami bake\``;
  if (age >= days.refused) return fail(name, `${found}: GitHub gives it no jobs any more`, remedy);
  if (age >= days.alarm) return fail(name, `${found}: in ${days.refused - age} days GitHub gives it no jobs`, remedy);
  if (age >= days.due) return warn(name, `${found}: update it this week`, remedy);
  if (age >= days.noticed) return warn(name, `${found}: plan its update`, remedy);
  return ok(name, found);
}
