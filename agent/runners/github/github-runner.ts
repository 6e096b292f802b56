// GitHub's runner on this machine, in whatever sandbox: register, start, stop, clean, and find it again.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Assigned, EnrolOutcome, Runner, RunnerState } from "../../../cloud/ports/runner.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import type { Sandbox, SandboxSeen } from "../../../cloud/ports/sandbox.ts";
import { readJson, writeJson } from "../../machine/disk-state.ts";
import { hostLimits } from "../../machine/host-limits.ts";
import { inBackground, type Background } from "../../machine/in-background.ts";
import { configureArguments } from "./configure-arguments.ts";
import { isForOneJob, type Enrolment, type RegisterRequest } from "./enrolment.ts";
import { hookEnvironment, readJobEvents } from "./job-hooks.ts";
import { afterExit } from "./listener-exit.ts";
import { readListenerLog, saysJobLast, type ListenerSaid } from "./listener-log.ts";
import { hasJob, hasWorker } from "./program.ts";
import { failureOf } from "./registration-outcome.ts";
import { configure, ownEnvironment, remove, unpack, type RegistrationFiles } from "./run-config.ts";
import { runnerLimits, runnerMaxima } from "./runner-limits.ts";

export interface GithubRunnerOptions {
  readonly enrolment: Enrolment;
  /** Where what must survive a crash of the agent is kept. */
  readonly stateDirectory: string;
  /** Tells boots apart: what was noted in another boot no longer holds. */
  readonly bootId: string;
  /** The folder of job-started.sh and job-completed.sh; absolute. */
  readonly hooksDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface GithubRunner extends Runner {
  /** Resolves when no registration is being removed, and nothing taken away, any more: for an end in order. */
  settled(): Promise<void>;
}

/** What is known about the runner beside its processes. */
interface Saved {
  readonly bootId: string;
  /** Jobs begun since boot, in earlier assignments. */
  readonly jobsBefore: number;
  readonly present?: Present;
}
interface Present {
  readonly assignment: number;
  readonly partition: string;
  readonly configured: boolean;
  readonly onlyRuns?: readonly string[];
  /** Made by a just-in-time configuration: GitHub forgets the runner with its first job. */
  readonly once?: true;
  /** Events of the job hooks that are in the log already. */
  readonly eventsLogged: number;
}

interface Context extends GithubRunnerOptions {
  readonly sandbox: Sandbox;
  readonly background: Background;
  saved: Saved | undefined;
  /** It stands frozen because this very process looks for a job. */
  stopping: boolean;
}

const fileOf = ({ stateDirectory }: Context): string => join(stateDirectory, "runner.json");
/** The registration's files as they were before any job could have changed them. */
const registrationOf = ({ stateDirectory }: Context, assignment: number): string =>
  join(stateDirectory, `registration-${assignment}.json`);

async function load(runner: Context): Promise<Saved> {
  if (runner.saved !== undefined) return runner.saved;
  const found = await readJson<Saved>(fileOf(runner));
  runner.saved = found?.bootId === runner.bootId ? found : { bootId: runner.bootId, jobsBefore: 0 };
  return runner.saved;
}

async function save(runner: Context, present: Present | undefined, jobsBefore?: number): Promise<void> {
  const saved: Saved = {
    bootId: runner.bootId,
    jobsBefore: jobsBefore ?? (await load(runner)).jobsBefore,
    ...(present === undefined ? {} : { present }),
  };
  await writeJson(fileOf(runner), saved);
  runner.saved = saved;
}

async function state(runner: Context): Promise<RunnerState> {
  const { present, jobsBefore } = await load(runner);
  if (present === undefined)
    return { assignment: undefined, configured: false, listener: "none", busy: false, jobs: jobsBefore };
  const { assignment, configured } = present;
  const seen = await runner.sandbox.look(assignment);
  // Frozen by an agent before this one, or by a request whose answer was lost.
  if (seen.frozen && !runner.stopping) await runner.sandbox.thaw(assignment);
  await logJobs(runner, present, seen);
  const busy = hasWorker(seen.processes);
  const said = readListenerLog(seen.log);
  return {
    assignment,
    configured,
    listener: seen.listener === "running" ? (said.online ? "online" : "starting") : seen.listener,
    ...(seen.exitCode === undefined ? {} : { exitCode: seen.exitCode }),
    busy,
    jobs: jobsBefore + said.jobs,
    ...(hasServed(present, seen, said) && !busy ? { spent: true } : {}),
    ...(said.version === undefined ? {} : { version: said.version }),
  };
}

/** Its one job may have begun and ended between two looks. */
const hasServed = ({ once }: Present, { listener }: SandboxSeen, { jobs }: ListenerSaid): boolean =>
  once === true && listener === "exited" && jobs > 0;

async function logJobs(runner: Context, present: Present, seen: SandboxSeen): Promise<void> {
  const told = present.eventsLogged;
  const events = readJobEvents(seen.jobs).slice(told, told + runnerMaxima.jobEvents);
  for (const { name, ...facts } of events) runner.log.event(name, { assignment: present.assignment, ...facts });
  const stands = runner.saved?.present;
  if (events.length === 0 || stands?.assignment !== present.assignment) return;
  const logged = { ...stands, eventsLogged: told + events.length };
  await save(runner, logged).catch((error: unknown) => {
    // A job may have filled the disk: a look must not fail for that. After a crash the events are logged once more.
    runner.log.event("runner.unsaved", { problem: String(error) });
    if (runner.saved !== undefined) runner.saved = { ...runner.saved, present: logged };
  });
}

async function enrol(runner: Context, record: Assigned): Promise<EnrolOutcome> {
  const request = await runner.enrolment.requestOf(record);
  return "secret" in request ? await register(runner, request) : request;
}

async function register(runner: Context, request: RegisterRequest): Promise<EnrolOutcome> {
  const { sandbox, log } = runner;
  const { assignment, partition, onlyRuns, kind, secret } = request;
  const { present } = await load(runner);
  if (present !== undefined && present.assignment !== assignment)
    return failureOf(`the runner of assignment ${present.assignment} is still here`, [], "other");
  if (present?.configured === true) return await start(runner, assignment);
  const begun: Present = {
    assignment,
    partition,
    configured: false,
    eventsLogged: 0,
    ...(onlyRuns === undefined ? {} : { onlyRuns }),
    ...(kind === "jit" ? { once: true } : {}),
  };
  await save(runner, begun);
  await sandbox.lay(assignment);
  // An earlier attempt of this very assignment may have reached GitHub: only then is the name ours to replace.
  const commandLine = [...configureArguments(request, present !== undefined), "--work", sandbox.workFolder(assignment)];
  const end = kind === "jit" ? await unpack(sandbox, secret) : await configure(sandbox, commandLine, secret, log);
  const what = kind === "jit" ? "unpacking the configuration" : "config.sh";
  if (end.timedOut) return failureOf(`${what} did not end in time`, end.lastLines, "network");
  if (end.code !== 0) return failureOf(`${what} ended with ${end.code}`, end.lastLines);
  await writeJson(registrationOf(runner, assignment), end.files);
  for (const [name, text] of Object.entries(end.files)) await sandbox.put(assignment, name, text);
  await save(runner, { ...begun, configured: true });
  log.event("runner.configured", { assignment, name: request.name });
  return await launch(runner, assignment);
}

/** Starts the listener unless it lives, and waits until it listens. */
async function launch(runner: Context, assignment: number): Promise<EnrolOutcome> {
  const { sandbox, clock, log, hooksDirectory } = runner;
  const { present } = await load(runner);
  await sandbox.start(assignment, {
    ...ownEnvironment(),
    ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: "1",
    ...hookEnvironment(hooksDirectory, present?.onlyRuns),
  });
  const until = clock.now() + runnerLimits.onlineMs;
  for (;;) {
    const seen = await sandbox.look(assignment);
    const said = readListenerLog(seen.log);
    const served = present !== undefined && hasServed(present, seen, said);
    if (served && !hasWorker(seen.processes)) return { kind: "registered" };
    if (seen.listener === "running" && said.online) {
      log.event("runner.online", { assignment });
      return { kind: "registered" };
    }
    if (seen.listener !== "running" && !served) return ended(seen, said.lastLines);
    if (clock.now() >= until)
      return failureOf(`the listener did not listen within ${runnerLimits.onlineMs} ms`, said.lastLines, "network");
    await clock.sleep(hostLimits.startPollMs);
  }
}

function ended(seen: SandboxSeen, lastLines: readonly string[]): EnrolOutcome {
  const after = afterExit(seen.exitCode);
  if (after.kind === "give-up") return failureOf(after.why, lastLines, after.cause);
  return failureOf(`the listener ended with ${seen.exitCode ?? "an unknown code"}`, lastLines);
}

async function start(runner: Context, assignment: number): Promise<EnrolOutcome> {
  const { sandbox, clock, log } = runner;
  const seen = await sandbox.look(assignment);
  if (seen.listener === "exited") {
    const { lastLines } = readListenerLog(seen.log);
    log.event("runner.exited", { assignment, code: seen.exitCode ?? null, lastLines });
    const after = afterExit(seen.exitCode);
    if (after.kind === "give-up") return failureOf(after.why, lastLines, after.cause);
    if (after.untilUpdated) await sandbox.awaitFile(assignment, "update.finished", after.pauseMs);
    else if (after.pauseMs > 0) await clock.sleep(after.pauseMs);
  }
  return await launch(runner, assignment);
}

/**
 * A job that the listener has taken, and whose worker is still to come, is spared too: the listener logs it before it renews GitHub's lock on
 * the job, and no other runner would get it. Where it gives the job up it logs nothing more: so for a while only.
 */
const isBusy = ({ processes, log, quietMs }: SandboxSeen): boolean =>
  hasJob(processes) || (quietMs < runnerLimits.takenJobMs && saysJobLast(log));

/** Check and stop are one step: what is looked at stands still. Where an outcome is not known it may stand on: the next look thaws it. */
async function stopIfIdle(runner: Context): Promise<"stopped" | "busy"> {
  const { sandbox } = runner;
  const assignment = (await load(runner)).present?.assignment;
  if (assignment === undefined) return "stopped";
  runner.stopping = true;
  try {
    if (!isBusy(await sandbox.freeze(assignment)))
      return (await sandbox.killFrozen(assignment)) === "killed" ? "stopped" : "busy";
    await sandbox.thaw(assignment);
    return "busy";
  } finally {
    runner.stopping = false;
  }
}

async function clean(runner: Context, assignment: number): Promise<void> {
  const { sandbox, enrolment, background, log } = runner;
  const { present, jobsBefore } = await load(runner);
  const own = present?.assignment === assignment;
  const jobs = own ? (await state(runner)).jobs : jobsBefore;
  const file = registrationOf(runner, assignment);
  const files = await readJson<RegistrationFiles>(file);
  // Asked for now: when the machine ends, what comes later may not be answered any more.
  const token = own && files !== undefined ? enrolment.removalToken(present.partition) : undefined;
  await sandbox.destroy(assignment);
  if (own) await save(runner, undefined, jobs);
  background.run(async () => {
    const removal = await token;
    if (removal !== undefined && files !== undefined) await remove(sandbox, assignment, files, removal, log);
    await rm(file, { force: true });
  });
}

export function githubRunner(sandbox: Sandbox, options: GithubRunnerOptions): GithubRunner {
  const background = inBackground(options.log);
  const runner: Context = { ...options, sandbox, background, saved: undefined, stopping: false };
  return {
    state: () => state(runner),
    isForOneJob,
    enrol: (record) => enrol(runner, record),
    start: (assignment) => start(runner, assignment),
    // GitHub's runner cannot be told to take no further job: it is stopped as soon as it has none.
    drain: () => stopIfIdle(runner),
    stopIfIdle: () => stopIfIdle(runner),
    kill: async () => {
      const { present } = await load(runner);
      if (present !== undefined) await sandbox.kill(present.assignment);
    },
    clean: (assignment) => clean(runner, assignment),
    settled: async () => {
      await background.settled();
      await sandbox.settled();
    },
  };
}
