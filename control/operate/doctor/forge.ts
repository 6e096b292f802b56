// The doctor on GitHub: what the credentials may do, and how old the runner's version is. Pure.
import type { ForgeAnswer } from "../../../cloud/ports/doctor.ts";
import type { RunnerRelease } from "../../../cloud/ports/images.ts";
import type { UnservableJob } from "../../runs/rerun.ts";
import { unservableLine } from "./unservable-line.ts";
import { compareVersions, runnerAge } from "../images/runner-age.ts";
import { fail, ok, skipped, warn, type Check } from "./check.ts";

const day = 24 * 60 * 60_000;

/** `right`: what the answer proves, in GitHub's words. */
export const judgeForge = (name: string, right: string, answer: ForgeAnswer): Check =>
  answer.kind === "allowed"
    ? ok(name, right)
    : fail(name, answer.why, `give the App or token "${right}", then: runpool doctor`);

/** Repositories have no runner groups. In the default one runners serve whatever repository may use that, also outside the environment. */
export function judgeGroup(scope: string, runnerGroup: string | undefined): readonly Check[] {
  const name = `runner group of ${scope}`;
  if (scope.includes("/") && !scope.startsWith("enterprises/")) return [];
  if (runnerGroup !== undefined) return [ok(name, `"${runnerGroup}"`)];
  const found = `the default group: every repository that may use it can have its jobs taken by these runners`;
  return [
    warn(name, found, "make a runner group for the environment's repositories alone, and name it in forge.runnerGroup"),
  ];
}

/** The oldest in use decides, by how far it is behind as `runpool ami age` tells it. */
export function judgeRunnerVersion(inUse: readonly string[], releases: readonly RunnerRelease[], now: number): Check {
  const name = "runner version";
  const [oldest] = inUse.toSorted(compareVersions);
  if (oldest === undefined)
    return skipped(name, "no instance alive has said its runner's version, and the configuration names none");
  const { kind, newer, leftMs = 0 } = runnerAge(oldest, releases, now);
  if (newer === undefined) return ok(name, `${oldest} is the newest`);
  const newest = releases.map(({ version }) => version).reduce((a, b) => (compareVersions(a, b) < 0 ? b : a), oldest);
  const age = Math.floor((now - newer.publishedAt) / day);
  const found = `${oldest} was followed by ${newer.version} ${age} day${age === 1 ? "" : "s"} ago; ${newest} is the newest`;
  const remedy = `build an image with runner ${newest}: \`runpool ami bake\``;
  if (leftMs <= 0) return fail(name, `${found}: GitHub gives it no jobs any more`, remedy);
  if (kind === "evict")
    return fail(name, `${found}: in ${Math.ceil(leftMs / day)} days GitHub gives it no jobs`, remedy);
  if (kind === "alarm") return warn(name, `${found}: update it this week`, remedy);
  if (kind === "warn") return warn(name, `${found}: plan its update`, remedy);
  return ok(name, found);
}

/** Jobs that wait for a label which no runner of their run has. */
export function judgeQueued(unservable: readonly UnservableJob[]): Check {
  const name = "queued jobs";
  if (unservable.length === 0) return ok(name, "none waits for a label that no runner of its run has");
  return warn(name, unservable.map(unservableLine).join("; "), "mend runs-on of the workflow, and run it again");
}
