// The runner's job hooks: what they are told by the environment, and what they have written down.
import { hostMaxima } from "../../machine/host-limits.ts";

export interface JobHooks {
  /** The folder of job-started.sh and job-completed.sh; absolute, as the runner asks. */
  readonly directory: string;
  /** The operator's own hooks, run after ours; absolute paths. */
  readonly started?: string;
  readonly completed?: string;
}

/**
 * `onlyRuns`: ids of the runs whose jobs may run here; undefined: any run's. GitHub Docs, "Running scripts before or after a job":
 * the hooks are absolute paths, run synchronously, and a failing one fails the job.
 */
export const hookEnvironment = (
  hooks: JobHooks,
  onlyRuns: readonly string[] | undefined,
): Readonly<Record<string, string>> => ({
  ACTIONS_RUNNER_HOOK_JOB_STARTED: `${hooks.directory}/job-started.sh`,
  ACTIONS_RUNNER_HOOK_JOB_COMPLETED: `${hooks.directory}/job-completed.sh`,
  ...(onlyRuns === undefined ? {} : { RUNPOOL_ONLY_RUNS: onlyRuns.join(" ") }),
  ...(hooks.started === undefined ? {} : { RUNPOOL_HOOK_STARTED: hooks.started }),
  ...(hooks.completed === undefined ? {} : { RUNPOOL_HOOK_COMPLETED: hooks.completed }),
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
      .map((field) => field.slice(0, hostMaxima.untrustedText));
    const name = words.get(word);
    if (name === undefined || !/^\d+$/.test(at)) continue;
    const seconds = name === "job.completed" ? Number(at) - startedAt : Number.NaN;
    if (name === "job.started") startedAt = Number(at);
    events.push({ name, run, attempt, job, ...(Number.isNaN(seconds) ? {} : { seconds }) });
  }
  return events;
}
