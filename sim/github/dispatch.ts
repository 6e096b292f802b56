// Jobs meet runners: matching by labels, hand-over, start, completion, and what happens when a listener falls silent.
import type { Conclusion, Job, Message, Runner, Session, StepResult } from "./model.ts";
import { scopeServes } from "./model.ts";
import { secret, showBusyLater } from "./world.ts";
import type { World } from "./world.ts";

const lower = (text: string): string => text.toLowerCase();

/** A runner takes a job when it has ALL of the job's labels and may serve its repository. */
const fits = (runner: Runner, job: Job): boolean => {
  const has = new Set(runner.labels.map((label) => lower(label.name)));
  return scopeServes(runner.scope, job.run.owner, job.run.repo) && job.labels.every((label) => has.has(lower(label)));
};

const sessionOf = (world: World, job: Job): Session | undefined => {
  const session = world.runners.get(job.dispatch?.runnerId ?? -1)?.session;
  return session?.id === job.dispatch?.sessionId ? session : undefined;
};

/** Gives every queued job that finds one to an idle listener whose poll is open, oldest job first. */
export function matchJobs(world: World): void {
  for (const job of world.jobs.values()) {
    if (job.status !== "queued" || job.dispatch !== undefined) continue;
    const idle = [...world.runners.values()].filter(
      (runner) => runner.jobId === undefined && runner.session?.answer !== undefined && fits(runner, job),
    );
    if (idle.length > 0) handOver(world, job, world.chance.pick(idle));
  }
}

function handOver(world: World, job: Job, runner: Runner): void {
  const session = runner.session;
  if (session === undefined) return;
  const token = secret(world, "job-", 32);
  const stopWaiting = world.after(world.settings.dispatchMs, () => requeue(world, job, "not started in time"));
  job.dispatch = { id: world.chance.id(), token, runnerId: runner.id, sessionId: session.id, stopWaiting };
  job.dispatches += 1;
  runner.jobId = job.id;
  showBusyLater(world, runner, true);
  world.emit("job.dispatched", { job, runner });
  send(world, session, "RunnerJobRequest", { jobId: job.id, dispatchId: job.dispatch.id, jobName: job.name });
}

/** Puts a message where the listener's next poll, or the open one, finds it. */
export function send(world: World, session: Session, type: Message["type"], body: Message["body"]): void {
  session.outbox.push({ id: world.nextId(), type, body });
  session.answer?.(session.outbox.shift());
}

const free = (world: World, job: Job): Runner | undefined => {
  const runner = world.runners.get(job.dispatch?.runnerId ?? -1);
  job.dispatch?.stopWaiting();
  job.dispatch = undefined;
  if (runner?.jobId !== job.id) return undefined;
  runner.jobId = undefined;
  showBusyLater(world, runner, false);
  return runner;
};

/** Takes a handed-over job that has not started back into the queue: what GitHub does for a listener that vanished. */
export function requeue(world: World, job: Job, detail: string): void {
  if (job.status !== "queued" || job.dispatch === undefined) return;
  const runner = free(world, job);
  world.emit("job.requeued", { job, detail, ...(runner === undefined ? {} : { runner }) });
  matchJobs(world);
}

/** The worker has begun. False when the job was given to another meanwhile: the worker must not run it. */
export function startJob(world: World, job: Job): boolean {
  const runner = world.runners.get(job.dispatch?.runnerId ?? -1);
  if (job.status !== "queued" || job.dispatch === undefined || runner === undefined) return false;
  job.dispatch.stopWaiting();
  job.stopExpiry();
  job.status = "in_progress";
  job.startedAt = world.clock.now();
  job.runner = { id: runner.id, name: runner.name, groupId: runner.groupId };
  world.emit("job.started", { job, runner });
  return true;
}

/** Closes a job and frees its runner; an ephemeral one is gone with it. */
export function completeJob(
  world: World,
  job: Job,
  conclusion: Conclusion,
  steps?: readonly StepResult[],
  why?: string,
): void {
  if (job.status === "completed") return;
  const started = job.status === "in_progress";
  job.stopExpiry();
  job.status = "completed";
  job.conclusion = conclusion;
  job.completedAt = world.clock.now();
  if (steps !== undefined) job.stepResults = steps;
  if (why !== undefined) job.log.push(why);
  const runner = free(world, job);
  world.emit("job.completed", {
    job,
    ...(runner === undefined ? {} : { runner }),
    ...(why === undefined ? {} : { detail: why }),
  });
  if (started && runner?.ephemeral === true) deleteRunner(world, runner, "ephemeral");
  matchJobs(world);
}

/** A listener asks for work: it is online from now on. */
export function heard(world: World, runner: Runner, session: Session): void {
  session.stopSilence();
  runner.lastSeenAt = world.clock.now();
  const job = world.jobs.get(runner.jobId ?? -1);
  if (job?.status === "in_progress" && job.dispatch?.sessionId === session.id) job.dispatch.stopWaiting();
  if (runner.status === "online") return;
  runner.status = "online";
  world.emit("runner.online", { runner });
}

/** A poll ended: unless the next one comes soon, the listener has gone. */
export function silent(world: World, runner: Runner, session: Session): void {
  session.stopSilence();
  runner.lastSeenAt = world.clock.now();
  session.stopSilence = world.after(world.settings.disconnectMs, () => disconnected(world, runner, session, "silent"));
}

/** The listener has gone: an unstarted job is queued again, a started one is given up once its lock runs out. */
export function disconnected(world: World, runner: Runner, session: Session, detail: string): void {
  session.stopSilence();
  if (runner.session !== session) return;
  if (runner.status === "online") {
    runner.status = "offline";
    world.emit("runner.offline", { runner, detail });
  }
  const job = world.jobs.get(runner.jobId ?? -1);
  if (job?.dispatch?.sessionId !== session.id) return;
  if (job.status === "queued") return requeue(world, job, "listener disconnected");
  const lost = "The self-hosted runner lost communication with the server.";
  job.dispatch.stopWaiting = world.after(world.settings.jobLostMs, () =>
    completeJob(world, job, "failure", undefined, lost),
  );
}

/** Removes a runner. Its listener's next poll is told so. The caller has checked that it runs nothing. */
export function deleteRunner(world: World, runner: Runner, detail: string): void {
  world.runners.delete(runner.id);
  runner.status = "offline";
  const session = runner.session;
  runner.session = undefined;
  session?.stopSilence();
  world.emit("runner.deleted", { runner, detail });
  session?.answer?.(undefined);
}

/** Cancels a job as a user would: at once when queued; through its runner when it runs. */
export function cancelJob(world: World, job: Job): void {
  if (job.status === "completed" || job.cancelRequested) return;
  job.cancelRequested = true;
  if (job.status === "queued") return completeJob(world, job, "cancelled");
  const session = sessionOf(world, job);
  if (session !== undefined) send(world, session, "JobCancellation", { jobId: job.id });
  world.after(world.settings.cancelMs, () =>
    completeJob(world, job, "cancelled", undefined, "The runner did not answer the cancellation."),
  );
}
