// Workflow runs as the stand-in's user queues them, and as REST shows them.
import type { Conclusion, Job, Run, Step } from "./model.ts";
import { cancelJob, completeJob, matchJobs } from "./dispatch.ts";
import type { World } from "./world.ts";

/** A job to queue: `steps` or one `script`, each run by bash in the work folder. */
export interface JobToQueue {
  readonly name: string;
  /** `runs-on`: a runner must have them all. */
  readonly labels: readonly string[];
  readonly steps?: readonly {
    readonly name?: string;
    readonly run: string;
    readonly env?: Readonly<Record<string, string>>;
    /** `if: always()`. */
    readonly always?: boolean;
  }[];
  readonly script?: string;
}

export interface RunToQueue {
  readonly owner: string;
  readonly repo: string;
  readonly runId: number;
  /** `run_attempt`, 1 when absent. */
  readonly attempt?: number;
  readonly name?: string;
  readonly jobs: readonly JobToQueue[];
}

const key = (runId: number, attempt: number): string => `${runId}/${attempt}`;

const stepsOf = (job: JobToQueue): Step[] => {
  const steps = job.steps ?? [{ run: job.script ?? "true" }];
  return steps.map((step) => ({
    name: step.name ?? `Run ${step.run.split("\n", 1)[0] ?? ""}`,
    run: step.run,
    env: step.env ?? {},
    always: step.always ?? false,
  }));
};

/** Queues jobs; a second call for the same run and attempt adds jobs to it. */
export function queueRun(world: World, wanted: RunToQueue): Run {
  const attempt = wanted.attempt ?? 1;
  const now = world.clock.now();
  const known = world.runs.get(key(wanted.runId, attempt));
  const { owner, repo, runId } = wanted;
  const run = known ?? { owner, repo, runId, attempt, name: wanted.name ?? "CI", createdAt: now, jobs: [] };
  world.runs.set(key(runId, attempt), run);
  for (const toQueue of wanted.jobs) {
    const job = newJob(world, run, toQueue);
    run.jobs.push(job);
    world.jobs.set(job.id, job);
    job.stopExpiry = world.after(world.settings.queueMs, () => {
      if (job.status === "queued") completeJob(world, job, "cancelled", undefined, "Queued for more than 24 hours.");
    });
    world.emit("job.queued", { job });
  }
  matchJobs(world);
  return run;
}

function newJob(world: World, run: Run, wanted: JobToQueue): Job {
  return {
    id: world.nextId(),
    run,
    name: wanted.name,
    labels: wanted.labels,
    steps: stepsOf(wanted),
    createdAt: world.clock.now(),
    status: "queued",
    conclusion: undefined,
    startedAt: undefined,
    completedAt: undefined,
    runner: undefined,
    dispatch: undefined,
    dispatches: 0,
    cancelRequested: false,
    log: [],
    stepResults: [],
    stopExpiry: () => undefined,
  };
}

/** The run's latest attempt, or the one asked for. */
export function findRun(world: World, runId: number, attempt?: number): Run | undefined {
  if (attempt !== undefined) return world.runs.get(key(runId, attempt));
  return [...world.runs.values()].filter((run) => run.runId === runId).sort((a, b) => b.attempt - a.attempt)[0];
}

/** Cancels what is left of the run's latest attempt. False when there is no such run. */
export function cancelRun(world: World, runId: number): boolean {
  const run = findRun(world, runId);
  for (const job of run?.jobs ?? []) cancelJob(world, job);
  return run !== undefined;
}

export function runStatus(run: Run): "queued" | "in_progress" | "completed" {
  if (run.jobs.length > 0 && run.jobs.every((job) => job.status === "completed")) return "completed";
  return run.jobs.some((job) => job.status !== "queued") ? "in_progress" : "queued";
}

export function runConclusion(run: Run): Conclusion | undefined {
  if (runStatus(run) !== "completed") return undefined;
  const ends = run.jobs.map((job) => job.conclusion);
  if (ends.includes("failure")) return "failure";
  return ends.includes("cancelled") ? "cancelled" : "success";
}
