// The runner's job hooks: the environment that they get, and the events that they have written down.
import { runnerMaxima } from "./runner-limits.ts";

/**
 * `directory`: where job-started.sh and job-completed.sh lie; `onlyRuns`: ids of the runs whose jobs may run here, undefined for any run's. GitHub
 * Docs, "Running scripts before or after a job": the hooks are absolute paths, run synchronously, and a failing one fails the job.
 */
export const hookEnvironment = (
  directory: string,
  onlyRuns: readonly string[] | undefined,
): Readonly<Record<string, string>> => ({
  ACTIONS_RUNNER_HOOK_JOB_STARTED: `${directory}/job-started.sh`,
  ACTIONS_RUNNER_HOOK_JOB_COMPLETED: `${directory}/job-completed.sh`,
  ...(onlyRuns === undefined ? {} : { RUNPOOL_ONLY_RUNS: onlyRuns.join(" ") }),
});

/** Past-tense names and facts for the log. */
export interface JobEvent {
  readonly name: "job.started" | "job.refused" | "job.completed";
  readonly run: string;
  readonly attempt: string;
  readonly job: string;
  /** Between the two hooks, in seconds; a job's own doing may have changed it. */
  readonly seconds?: number;
}

const words: ReadonlyMap<string, JobEvent["name"]> = new Map([
  ["started", "job.started"],
  ["refused", "job.refused"],
  ["completed", "job.completed"],
]);

/**
 * The events in the hooks' file: `word TAB epoch seconds TAB run TAB attempt TAB job` a line. The job's user can write there, so
 * whatever is not of that form is passed over, and what is gets cut short.
 */
export function readJobEvents(text: string): readonly JobEvent[] {
  const events: JobEvent[] = [];
  let startedAt = Number.NaN;
  for (const line of text.split("\n").slice(0, -1)) {
    const [word = "", at = "", run = "", attempt = "", job = ""] = line
      .split("\t")
      .map((field) => field.slice(0, runnerMaxima.untrustedText));
    const name = words.get(word);
    if (name === undefined || !/^\d+$/.test(at)) continue;
    const seconds = name === "job.completed" ? Number(at) - startedAt : Number.NaN;
    if (name === "job.started") startedAt = Number(at);
    events.push({ name, run, attempt, job, ...(Number.isNaN(seconds) ? {} : { seconds }) });
  }
  return events;
}
