// Re-runs: queued jobs of a run whose instances are gone get new ones by the run's saved request, since GitHub does not provision again.
import type { ActiveRun, QueuedJob } from "../../cloud/ports/forge.ts";
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import { isStandIn, labelsOf, wholeOwner, type Configuration } from "../../domain/configuration.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { isPast } from "../../domain/needs.ts";
import { runOf } from "../../domain/owner.ts";
import type { Part, Problem } from "../../domain/reasons.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { labelOf, type Request } from "../../domain/request.ts";
import { collectingErrors } from "../pool/attempt.ts";
import { rerunOf } from "./earlier-attempts.ts";
import { provision } from "./provision.ts";
import type { ControlWorld } from "../world.ts";

export interface Rerun {
  readonly runId: string;
  readonly attempt: number;
  /** By which name it was asked for. */
  readonly provisionId: string;
  /** How many were asked for. */
  readonly wanted: number;
  /** How many are ready; none in a dry run. */
  readonly ready: number;
  /** How many are still on their way: the next refresh starts them. */
  readonly booting: number;
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
  readonly problems: readonly Problem[];
}

const named = ({ forge }: Configuration): readonly string[] =>
  forge.repositories.filter((one) => wholeOwner(one) === undefined);

/**
 * Whose runs may have queued jobs: of an owner that is served as a whole those whose requests are still kept, since GitHub lists queued jobs
 * by repository alone. What was asked is anybody's word who provisions: other owners' are not asked for.
 */
async function repositoriesOf(
  world: Pick<ControlWorld, "requests" | "clock">,
  configuration: Configuration,
): Promise<readonly string[]> {
  const known = named(configuration);
  const owners = configuration.forge.repositories.flatMap((one) => wholeOwner(one) ?? []);
  if (owners.length === 0) return known;
  const asked = await world.requests.repositories(world.clock.now() - limits.requestKeptMs);
  const theirs = asked.filter(
    (one) => /^[\w-]+\/[\w.-]+$/.test(one) && owners.includes(one.split("/")[0] ?? "") && !isStandIn(one),
  );
  return [...new Set([...known, ...theirs.slice(0, maxima.repositoriesAsked)])];
}

/** For looking alone. */
interface JobsWorld extends Pick<ControlWorld, "requests" | "clock"> {
  readonly forge: Pick<ControlWorld["forge"], "activeRuns" | "waiting">;
}

/** What waits in a run, and what the run asked for; undefined where it asked for nothing in this repository. */
async function waitingIn(
  world: JobsWorld,
  configuration: Configuration,
  repository: string,
  run: ActiveRun,
  records: readonly InstanceRecord[],
): Promise<Waiting | undefined> {
  const saved = (await world.requests.ofRun(run.runId)).filter((request) => request.repository === repository);
  if (saved.length === 0) return undefined;
  const jobs = await world.forge.waiting(repository, run);
  return { run, jobs, saved, records, configuration, now: world.clock.now() };
}

/** All jobs that wait in vain now. Only reads; rejects where GitHub does not let one repository be read. */
export async function unservableJobs(
  world: JobsWorld,
  configuration: Configuration,
): Promise<readonly UnservableJob[]> {
  const found: UnservableJob[] = [];
  for (const repository of await repositoriesOf(world, configuration))
    for (const run of await world.forge.activeRuns(repository)) {
      const waiting = await waitingIn(world, configuration, repository, run, []);
      if (waiting !== undefined) found.push(...unservableOf(waiting));
    }
  return found;
}

const partOf = ({ runId }: { readonly runId: string }): Part => ({ part: "re-run", run: runId });

/** One repository, or run, whose jobs cannot be read does not block the others. */
export async function rerun(
  world: ControlWorld,
  loaded: LoadedSettings,
  records: readonly InstanceRecord[],
  dryRun: boolean,
): Promise<Reruns> {
  const { configuration } = loaded;
  const wishes: Request[] = [];
  const unservable: UnservableJob[] = [];
  const problems: Problem[] = [];
  const attempt = collectingErrors(world, problems);
  /** Runs that GitHub has not completed, by repository; none of a repository that it does not let be read. */
  const active = new Map<string, ReadonlySet<string>>();
  const repositories = await attempt({ part: "re-run" }, named(configuration), () =>
    repositoriesOf(world, configuration),
  );
  for (const repository of repositories)
    await attempt({ part: "re-run", of: repository }, undefined, async () => {
      const runs = await world.forge.activeRuns(repository);
      active.set(repository, new Set(runs.map(({ runId }) => runId)));
      for (const run of runs)
        await attempt({ ...partOf(run), of: repository }, undefined, async () => {
          const waiting = await waitingIn(world, configuration, repository, run, records);
          if (waiting === undefined) return;
          wishes.push(...requestsFor(waiting));
          for (const job of unservableOf(waiting)) {
            unservable.push(job);
            world.log.event("job.unservable", { ...job });
          }
        });
    });
  for (const booting of bootingOf(records, world.clock.now()))
    await attempt(partOf(booting), undefined, async () => {
      const saved = await world.requests.ofRun(booting.runId);
      const request = saved.find(({ provisionId }) => provisionId === booting.provisionId);
      if (request === undefined || active.get(request.repository)?.has(booting.runId) === false) return;
      const at = wishes.findIndex((wish) => nameOf(wish) === nameOf(booting));
      const count = booting.count + (at === -1 ? 0 : (wishes[at]?.count ?? 0));
      wishes.splice(at === -1 ? wishes.length : at, 1, repetitionOf(request, booting.attempt, count));
    });
  const reruns = await Promise.all(
    wishes.slice(0, maxima.rerunsAtOnce).map(async (request): Promise<Rerun> => {
      const { runId, attempt, provisionId, count } = request;
      const about = { runId, attempt, provisionId, wanted: count };
      if (dryRun) return { ...about, ready: 0, booting: 0 };
      world.log.event("rerun.began", about);
      const own = { ...request, provisionId: rerunOf(provisionId) };
      const outcome = await provision(world, own, { loaded, again: true });
      if (outcome.kind === "ready")
        return { ...about, ready: outcome.instances.length, booting: count - outcome.instances.length };
      const { reasons, booting = 0, released = false } = { ...outcome };
      // The jobs of a re-run may be over before all its instances are ready.
      if (!released && booting === 0)
        problems.push(...reasons.map((reason) => ({ code: "short", ...partOf(request), reason }) as const));
      return { ...about, ready: 0, booting };
    }),
  );
  return { reruns, unservable, problems };
}

interface Booting {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
  readonly count: number;
}

const nameOf = ({ runId, attempt, provisionId }: Omit<Booting, "count">): string =>
  JSON.stringify([runId, attempt, provisionId]);

/** What re-runs before this one have left to boot, under the names by which it was asked for. */
function bootingOf(records: readonly InstanceRecord[], now: number): readonly Booting[] {
  const found = new Map<string, Booting>();
  for (const record of records) {
    const { owner, state, wanted, retiredAt } = record;
    const run = runOf(owner);
    if (run === undefined) continue;
    const { runId, attempt, provisionId } = run;
    if ((state !== "created" && state !== "claimed") || wanted !== "serve") continue;
    if (retiredAt !== undefined || isPast(record, now) || !provisionId.endsWith(rerunOf(""))) continue;
    const name = { runId, attempt, provisionId: provisionId.slice(0, -rerunOf("").length) };
    found.set(nameOf(name), { ...name, count: (found.get(nameOf(name))?.count ?? 0) + 1 });
  }
  return [...found.values()];
}

const repetitionOf = (request: Request, attempt: number, count: number): Request => ({
  ...request,
  attempt,
  count: Math.min(count, request.count),
  minCount: 1,
  timeoutMs: limits.rerunMs,
});

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
export function requestsFor({ run, jobs, saved, records, configuration, now }: Waiting): readonly Request[] {
  const serving = records.filter(
    (record) =>
      runOf(record.owner)?.runId === run.runId &&
      record.wanted === "serve" &&
      record.retiredAt === undefined &&
      // A listener about to end takes no further job.
      !isPast(record, record.state === "running" ? now + limits.lastJobMs : now) &&
      (record.state === "created" || record.state === "claimed" || record.state === "running"),
  );
  const wanted = new Map<Request, number>();
  for (const job of jobs) {
    if (now - job.queuedAt < limits.rerunGraceMs) continue;
    if (serving.some(({ labels = [] }) => carries(labels, job))) continue;
    const request = saved.find((one) => names(job, one) && carries(labelsOf(configuration, one), job));
    if (request !== undefined) wanted.set(request, (wanted.get(request) ?? 0) + 1);
  }
  return [...wanted].map(([request, count]) => repetitionOf(request, run.attempt, count));
}
