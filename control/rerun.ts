// Re-runs: queued jobs of a run whose instances are gone get new ones by the run's saved request, since GitHub does not provision again.
import type { ActiveRun, LoadedSettings, QueuedJob } from "../cloud/ports.ts";
import { labelsOf, type Configuration } from "../domain/configuration.ts";
import { limits, maxima } from "../domain/limits.ts";
import type { InstanceRecord } from "../domain/record.ts";
import { labelOf, type Request } from "../domain/request.ts";
import { attempting } from "./attempt.ts";
import { provision } from "./provision.ts";
import type { ControlWorld } from "./world.ts";

export interface Rerun {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
  /** How many were asked for. */
  readonly wanted: number;
  /** How many are ready; none in a dry run. */
  readonly ready: number;
}
/** A queued job that names a run's label, and with it one that no runner of the run carries: it waits until GitHub gives it up. */
export interface UnservableJob {
  readonly runId: string;
  /** Its `runs-on`. */
  readonly labels: readonly string[];
  /** Those of them that no runner carries. */
  readonly unknown: readonly string[];
}
export interface Reruns {
  readonly reruns: readonly Rerun[];
  readonly unservable: readonly UnservableJob[];
  readonly problems: readonly string[];
}

/** A repository whose queued jobs GitHub does not let be read keeps none of the others. */
export async function rerun(
  world: ControlWorld,
  loaded: LoadedSettings,
  records: readonly InstanceRecord[],
  dryRun: boolean,
): Promise<Reruns> {
  const { configuration } = loaded;
  const wishes: Request[] = [];
  const unservable: UnservableJob[] = [];
  const problems: string[] = [];
  const attempt = attempting(world, problems);
  for (const repository of configuration.forge.repositories)
    await attempt(`re-run of ${repository}`, undefined, async () => {
      for (const run of await world.jobs.activeRuns(repository)) {
        const saved = (await world.requests.ofRun(run.runId)).filter((request) => request.repository === repository);
        if (saved.length === 0) continue;
        const jobs = await world.jobs.queuedJobs(repository, run);
        const waiting = { run, jobs, saved, records, configuration, now: world.clock.now() };
        wishes.push(...wishesOf(waiting));
        for (const job of unservableOf(waiting)) {
          unservable.push(job);
          world.log.event("job.unservable", { ...job });
        }
      }
    });
  const reruns = await Promise.all(
    wishes.slice(0, maxima.rerunsAtOnce).map(async (request): Promise<Rerun> => {
      const { runId, attempt, provisionId, count } = request;
      const about = { runId, attempt, provisionId, wanted: count };
      if (dryRun) return { ...about, ready: 0 };
      world.log.event("rerun.began", about);
      const outcome = await provision(world, request, { loaded, again: true });
      // The jobs of a re-run may be over before all its instances are ready.
      if (outcome.kind === "failed" && outcome.released !== true)
        problems.push(...outcome.reasons.map((reason) => `re-run of run ${runId}: ${reason}`));
      return { ...about, ready: outcome.kind === "ready" ? outcome.instances.length : 0 };
    }),
  );
  return { reruns, unservable, problems };
}

export interface Waiting {
  readonly run: ActiveRun;
  readonly jobs: readonly QueuedJob[];
  /** What the run asked for, in any attempt. */
  readonly saved: readonly Request[];
  readonly records: readonly InstanceRecord[];
  readonly configuration: Configuration;
  readonly now: number;
}

/** GitHub compares labels without regard to case. */
const unknownTo = (labels: readonly string[], wanted: readonly string[]): readonly string[] => {
  const known = new Set(labels.map((label) => label.toLowerCase()));
  return wanted.filter((label) => !known.has(label.toLowerCase()));
};
const carries = (labels: readonly string[], job: QueuedJob): boolean => unknownTo(labels, job.labels).length === 0;

/** Whether a job is meant for the runners of a request: one of its labels is the run's own, or begins with it. */
const names = (job: QueuedJob, request: Request): boolean => {
  const own = labelOf(request).toLowerCase();
  return job.labels.some((label) => label.toLowerCase() === own || label.toLowerCase().startsWith(`${own}-`));
};

/** Jobs that ask for the run's runners and for a label that none of them has. Pure. */
export function unservableOf({ run, jobs, saved, configuration, now }: Waiting): readonly UnservableJob[] {
  return jobs.flatMap((job) => {
    const meant = saved.filter((request) => names(job, request));
    const unknown = unknownTo(
      meant.flatMap((request) => labelsOf(configuration, request)),
      job.labels,
    );
    const waits = meant.length > 0 && now - job.queuedAt >= limits.rerunGraceMs;
    return waits && unknown.length > 0 ? [{ runId: run.runId, labels: job.labels, unknown }] : [];
  });
}

/**
 * What is to be provisioned for a run: for the jobs that no instance of it could ever take, the request whose runners could; as many
 * instances as jobs wait, at most as many as were asked for. Pure.
 */
export function wishesOf({ run, jobs, saved, records, configuration, now }: Waiting): readonly Request[] {
  const serving = records.filter(
    ({ runId, owner, wanted, retiredAt, threshold, state }) =>
      runId === run.runId &&
      owner !== undefined &&
      wanted === "serve" &&
      retiredAt === undefined &&
      threshold > now &&
      (state === "created" || state === "claimed" || state === "running"),
  );
  const wanted = new Map<Request, number>();
  for (const job of jobs) {
    if (now - job.queuedAt < limits.rerunGraceMs) continue;
    if (serving.some(({ labels = [] }) => carries(labels, job))) continue;
    const request = saved.find((one) => names(job, one) && carries(labelsOf(configuration, one), job));
    if (request !== undefined) wanted.set(request, (wanted.get(request) ?? 0) + 1);
  }
  return [...wanted].map(([request, count]) => ({
    ...request,
    attempt: run.attempt,
    count: Math.min(count, request.count),
    minCount: 1,
    timeoutMs: limits.rerunMs,
  }));
}
