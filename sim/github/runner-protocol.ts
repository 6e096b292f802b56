// The protocol between this stand-in and the runner stand-in (sim/runner). It is NOT GitHub's protocol: the real runner speaks
// Azure-Pipelines-like calls and a broker of which nothing is promised to outsiders. Only POST /actions/runner-registration is GitHub's own.
//
// All JSON over HTTP under /_runner:
//   GET groups · GET runners?name= · POST runners · PUT|DELETE runners/{id}       Authorization: RemoteAuth <registration or removal token>
//   POST sessions                                                                 Authorization: Runner <client id> <epoch ms> <RSA signature>
//   GET sessions/{id}/message?status=&version= (long poll: 200 message, 204 none) Authorization: Session <token>
//   POST sessions/{id}/jobs/{job}/acquire|abandon {dispatchId, words} · DELETE sessions/{id}
//   POST jobs/{job}/start|log|complete                                            Authorization: Job <token>
//   GET logs/{job}                                                                text, the log so far
// A job counts as started when its worker says so; until then silence of the listener puts it back into the queue.
import { verify } from "node:crypto";
import type { Call, Reply } from "./call.ts";
import { GithubRefusal, headerOf, notFound, refusalReply } from "./call.ts";
import { completeJob, disconnected, heard, matchJobs, requeue, send, silent, startJob } from "./dispatch.ts";
import type { Conclusion, Job, Runner, Session, StepResult } from "./model.ts";
import { addRunner, admitRunner, listGroups, lookUp, removeRunner, replaceRunner } from "./runner-registration.ts";
import type { Route } from "./routes.ts";
import { compareVersions } from "./settings.ts";
import { secret } from "./world.ts";
import type { World } from "./world.ts";

/** How far the runner's clock may be off (the real one says so beyond five minutes). */
const skewMs = 5 * 60_000;

const authorization = (call: Call): readonly string[] => (headerOf(call, "authorization") ?? "").split(" ");

function createSession(world: World, call: Call): Reply {
  const [, clientId, at, signature] = authorization(call);
  const runner = [...world.runners.values()].find((each) => each.clientId === clientId);
  if (runner === undefined) throw new GithubRefusal(401, "invalid_client");
  if (
    !verify("RSA-SHA256", Buffer.from(`${clientId} ${at}`), runner.publicKey, Buffer.from(signature ?? "", "base64"))
  ) {
    throw new GithubRefusal(401, "invalid_client");
  }
  const now = world.clock.now();
  if (Math.abs(now - Number(at)) > skewMs)
    throw new GithubRefusal(400, `Current server time is ${new Date(now).toISOString()}.`);
  if (runner.session !== undefined && runner.status === "online") {
    throw new GithubRefusal(409, `The actions runner ${runner.name} already has an active session.`);
  }
  const { version, os } = call.body;
  if (typeof version === "string") runner.version = version;
  if (typeof os === "string") runner.os = os;
  const session: Session = {
    // Names its runner, so that a late call can be told whether that one is gone.
    id: `${runner.id}.${world.chance.id()}`,
    token: secret(world, "session-", 32),
    runnerId: runner.id,
    answer: undefined,
    outbox: [],
    stopSilence: () => undefined,
  };
  runner.session = session;
  // Online from its first poll on; a listener that never asks is forgotten like a silent one.
  silent(world, runner, session);
  return { status: 200, body: { sessionId: session.id, token: session.token } };
}

/**
 * What a call of a session that is no more is told. 404: its runner was deleted, the broker's RunnerNotFound (BrokerHttpClient.cs:133);
 * 410: the runner is there, but the session has ended or another took over.
 */
const sessionGone = (world: World, runnerId: number): GithubRefusal =>
  world.runners.has(runnerId)
    ? new GithubRefusal(410, "The session has ended.")
    : new GithubRefusal(404, "The runner registration has been deleted.");

/** The live session that the call belongs to. */
function sessionOf(world: World, call: Call): { readonly runner: Runner; readonly session: Session } {
  const [, token] = authorization(call);
  for (const runner of world.runners.values()) {
    const { session } = runner;
    if (session?.id === call.names["session_id"] && session?.token === token && session !== undefined)
      return { runner, session };
  }
  throw sessionGone(world, Number.parseInt(call.names["session_id"] ?? "", 10));
}

function endSession(world: World, call: Call): Reply {
  const { runner, session } = sessionOf(world, call);
  disconnected(world, runner, session, "session deleted");
  const { answer } = session;
  runner.session = undefined;
  answer?.(undefined);
  return { status: 204 };
}

/** Old runners get no jobs: 403 when they may not update (BrokerHttpClient.cs, BrokerErrorKind.RunnerVersionTooOld), else told to. */
function checkVersion(world: World, runner: Runner, session: Session, version: string): void {
  const { oldestServed, latestRunner } = world.settings;
  runner.version = version;
  if (runner.disableUpdate && compareVersions(version, oldestServed) < 0) {
    throw new GithubRefusal(403, `Runner version v${version} is deprecated and cannot receive messages.`);
  }
  const told = session.outbox.some((message) => message.type === "RunnerRefresh");
  if (
    !runner.disableUpdate &&
    !told &&
    runner.jobId === undefined &&
    compareVersions(version, latestRunner.version) < 0
  ) {
    send(world, session, "RunnerRefresh", { targetVersion: latestRunner.version });
  }
}

function nextMessage(world: World, call: Call): Reply | Promise<Reply> {
  const { runner, session } = sessionOf(world, call);
  session.answer?.(undefined);
  checkVersion(world, runner, session, call.query.get("version") ?? "0");
  heard(world, runner, session);
  const waiting = session.outbox.shift();
  if (waiting !== undefined) {
    silent(world, runner, session);
    return { status: 200, body: waiting };
  }
  return new Promise((resolve) => {
    let answered = false;
    const answer: Session["answer"] = (message) => {
      if (answered) return;
      answered = true;
      if (session.answer === answer) session.answer = undefined;
      stop();
      silent(world, runner, session);
      if (message !== undefined) return resolve({ status: 200, body: message });
      return resolve(runner.session === session ? { status: 204 } : refusalReply(sessionGone(world, runner.id)));
    };
    const stop = world.after(world.settings.pollMs, () => answer(undefined));
    call.gone.addEventListener("abort", () => answer(undefined), { once: true });
    session.answer = answer;
    matchJobs(world);
  });
}

const theJob = (world: World, call: Call): Job => {
  const job = world.jobs.get(Number(call.names["job_id"]));
  if (job === undefined) throw notFound();
  return job;
};

/** The job as handed to this session; 404 when it is no longer this session's. */
function handedJob(world: World, call: Call): Job {
  const { session } = sessionOf(world, call);
  const job = theJob(world, call);
  if (job.dispatch?.id !== call.body["dispatchId"] || job.dispatch?.sessionId !== session.id)
    throw new GithubRefusal(404, "Job not found: it is no longer assigned to this runner.");
  return job;
}

function acquire(world: World, call: Call): Reply {
  const job = handedJob(world, call);
  const { run } = job;
  const repository = { owner: run.owner, name: run.repo };
  const about = { id: run.runId, attempt: run.attempt, workflow: run.name };
  return {
    status: 200,
    body: {
      id: job.id,
      token: job.dispatch?.token,
      name: job.name,
      run: about,
      repository,
      steps: job.steps,
      serverUrl: world.baseUrl,
    },
  };
}

/** The listener's worker has died: an unstarted job is queued again, a started one failed, with the worker's last words on stderr. */
function abandon(world: World, call: Call): Reply {
  const job = handedJob(world, call);
  if (job.status === "queued") requeue(world, job, "worker did not start");
  else
    completeJob(
      world,
      job,
      job.cancelRequested ? "cancelled" : "failure",
      undefined,
      typeof call.body["words"] === "string" ? call.body["words"] : "The worker process ended unexpectedly.",
    );
  return { status: 204 };
}

/** The job that this worker's token is for; 409 once it was given to another runner or closed. */
function workersJob(world: World, call: Call): Job {
  const job = theJob(world, call);
  if (job.dispatch?.token !== authorization(call)[1]) throw new GithubRefusal(409, "Not authorized for this job");
  return job;
}

function start(world: World, call: Call): Reply {
  const job = workersJob(world, call);
  if (!startJob(world, job)) throw new GithubRefusal(409, "Not authorized for this job");
  return { status: 204 };
}

function addLog(world: World, call: Call): Reply {
  const { lines } = call.body;
  if (Array.isArray(lines)) workersJob(world, call).log.push(...lines.map(String));
  return { status: 204 };
}

function complete(world: World, call: Call): Reply {
  const job = workersJob(world, call);
  completeJob(world, job, call.body["conclusion"] as Conclusion, call.body["steps"] as StepResult[]);
  return { status: 204 };
}

const open = (method: string, path: string, handle: Route["handle"]): Route => ({
  method,
  path,
  needs: "nobody",
  handle,
});

export const runnerProtocolRoutes: readonly Route[] = [
  open("POST", "/actions/runner-registration", admitRunner),
  open("GET", "/_runner/groups", listGroups),
  open("GET", "/_runner/runners", (world, call) =>
    lookUp(world, call, call.query.get("use") === "remove" ? "remove" : "register"),
  ),
  open("POST", "/_runner/runners", addRunner),
  open("PUT", "/_runner/runners/{runner_id}", replaceRunner),
  open("DELETE", "/_runner/runners/{runner_id}", removeRunner),
  open("POST", "/_runner/sessions", createSession),
  open("DELETE", "/_runner/sessions/{session_id}", endSession),
  open("GET", "/_runner/sessions/{session_id}/message", nextMessage),
  open("POST", "/_runner/sessions/{session_id}/jobs/{job_id}/acquire", acquire),
  open("POST", "/_runner/sessions/{session_id}/jobs/{job_id}/abandon", abandon),
  open("POST", "/_runner/jobs/{job_id}/start", start),
  open("POST", "/_runner/jobs/{job_id}/log", addLog),
  open("POST", "/_runner/jobs/{job_id}/complete", complete),
];
