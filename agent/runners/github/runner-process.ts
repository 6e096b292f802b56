// GitHub's runner on this machine, whatever ground its processes stand on: register, resume, stop, clean, and find it again.
import { join } from "node:path";
import type { RegisterOutcome, RegisterRequest, RunnerProcess, RunnerState } from "../../../cloud/ports/runner.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { configureArguments } from "./configure-arguments.ts";
import { readJson, writeJson } from "../../hosts/disk-state.ts";
import { hostLimits, hostMaxima } from "../../hosts/host-limits.ts";
import { hookEnvironment, readJobEvents, type JobHooks } from "./job-hooks.ts";
import { afterExit } from "./listener-exit.ts";
import { readListenerLog, type ListenerSaid } from "./listener-log.ts";
import { failureOf } from "./registration-outcome.ts";
import type { RunnerGround, RunnerSeen } from "../../hosts/runner-ground.ts";

export interface RunnerProcessOptions {
  /** Where what must survive a crash of the agent is kept. */
  readonly stateDirectory: string;
  /** Tells boots apart: what was noted in another boot no longer holds. */
  readonly bootId: string;
  readonly hooks?: JobHooks;
  readonly clock: Clock;
  readonly log: Log;
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
  readonly configured: boolean;
  readonly onlyRuns?: readonly string[];
  /** Made by a just-in-time configuration: GitHub forgets the runner with its first job. */
  readonly once?: true;
  /** Events of the job hooks that are in the log already. */
  readonly eventsLogged: number;
}

interface Runner extends RunnerProcessOptions {
  readonly ground: RunnerGround;
  saved: Saved | undefined;
}

const fileOf = ({ stateDirectory }: Runner): string => join(stateDirectory, "runner.json");

async function load(runner: Runner): Promise<Saved> {
  if (runner.saved !== undefined) return runner.saved;
  const found = await readJson<Saved>(fileOf(runner));
  runner.saved = found?.bootId === runner.bootId ? found : { bootId: runner.bootId, jobsBefore: 0 };
  return runner.saved;
}

async function save(runner: Runner, present: Present | undefined, jobsBefore?: number): Promise<void> {
  const saved: Saved = {
    bootId: runner.bootId,
    jobsBefore: jobsBefore ?? (await load(runner)).jobsBefore,
    ...(present === undefined ? {} : { present }),
  };
  await writeJson(fileOf(runner), saved);
  runner.saved = saved;
}

async function state(runner: Runner): Promise<RunnerState> {
  const { present, jobsBefore } = await load(runner);
  if (present === undefined)
    return { assignment: undefined, configured: false, listener: "none", busy: false, jobs: jobsBefore };
  const { assignment, configured } = present;
  const seen = await runner.ground.look(assignment);
  await logJobs(runner, present, seen);
  const said = readListenerLog(seen.log, hostMaxima.detailLines);
  return {
    assignment,
    configured,
    listener: seen.listener === "running" ? (said.online ? "online" : "starting") : seen.listener,
    ...(seen.exitCode === undefined ? {} : { exitCode: seen.exitCode }),
    busy: seen.busy,
    jobs: jobsBefore + said.jobs,
    ...(hasServed(present, seen, said) && !seen.busy ? { spent: true } : {}),
    ...(said.version === undefined ? {} : { version: said.version }),
  };
}

/** Its one job may have begun, and ended, before anybody has looked. */
const hasServed = ({ once }: Present, { listener }: RunnerSeen, { jobs }: ListenerSaid): boolean =>
  once === true && listener === "exited" && jobs > 0;

async function logJobs(runner: Runner, present: Present, seen: RunnerSeen): Promise<void> {
  const told = present.eventsLogged;
  const events = readJobEvents(seen.jobs).slice(told, told + hostMaxima.jobEvents);
  for (const { name, ...facts } of events) runner.log.event(name, { assignment: present.assignment, ...facts });
  const stands = runner.saved?.present;
  if (events.length === 0 || stands?.assignment !== present.assignment) return;
  const logged = { ...stands, eventsLogged: told + events.length };
  await save(runner, logged).catch((error: unknown) => {
    // A job may have filled the disk: whoever only looks must not fail for that. After a crash the events would be told once more.
    runner.log.event("runner.unsaved", { problem: String(error) });
    if (runner.saved !== undefined) runner.saved = { ...runner.saved, present: logged };
  });
}

async function register(runner: Runner, request: RegisterRequest): Promise<RegisterOutcome> {
  const { ground, log } = runner;
  const { assignment, onlyRuns } = request;
  const { present } = await load(runner);
  if (present !== undefined && present.assignment !== assignment)
    return failureOf(`the runner of assignment ${present.assignment} is still here`, [], "other");
  if (present?.configured === true) return await resume(runner, assignment);
  const begun: Present = {
    assignment,
    configured: false,
    eventsLogged: 0,
    ...(onlyRuns === undefined ? {} : { onlyRuns }),
    ...(request.registration.kind === "jit" ? { once: true } : {}),
  };
  await save(runner, begun);
  await ground.lay(assignment);
  // An earlier attempt of this very assignment may have reached GitHub: only then is the name ours to replace.
  const end = await ground.configure(request, configureArguments(request, present !== undefined));
  const what = begun.once === true ? "unpacking the configuration" : "config.sh";
  if (end.timedOut) return failureOf(`${what} did not end in time`, end.lastLines, "network");
  if (end.code !== 0) return failureOf(`${what} ended with ${end.code}`, end.lastLines);
  await save(runner, { ...begun, configured: true });
  log.event("runner.configured", { assignment, name: request.name });
  return await launch(runner, assignment);
}

/** Starts the listener unless it lives, and waits until it listens. */
async function launch(runner: Runner, assignment: number): Promise<RegisterOutcome> {
  const { ground, clock, log, hooks } = runner;
  const { present } = await load(runner);
  const onlyRuns = present?.onlyRuns;
  await ground.start(assignment, {
    ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: "1",
    ...(hooks === undefined ? {} : hookEnvironment(hooks, onlyRuns)),
  });
  const until = clock.now() + hostLimits.onlineMs;
  for (;;) {
    const seen = await ground.look(assignment);
    const said = readListenerLog(seen.log, hostMaxima.detailLines);
    const served = present !== undefined && hasServed(present, seen, said);
    if (served && !seen.busy) return { kind: "registered" };
    if (seen.listener === "running" && said.online) {
      log.event("runner.online", { assignment });
      return { kind: "registered" };
    }
    if (seen.listener !== "running" && !served) return ended(seen, said.lastLines);
    if (clock.now() >= until)
      return failureOf(`the listener did not listen within ${hostLimits.onlineMs} ms`, said.lastLines, "network");
    await clock.sleep(hostLimits.startPollMs);
  }
}

function ended(seen: RunnerSeen, lastLines: readonly string[]): RegisterOutcome {
  const after = afterExit(seen.exitCode);
  if (after.kind === "give-up") return failureOf(after.why, lastLines, after.cause);
  return failureOf(`the listener ended with ${seen.exitCode ?? "an unknown code"}`, lastLines);
}

async function resume(runner: Runner, assignment: number): Promise<RegisterOutcome> {
  const { ground, clock, log } = runner;
  const seen = await ground.look(assignment);
  if (seen.listener === "exited") {
    const { lastLines } = readListenerLog(seen.log, hostMaxima.detailLines);
    log.event("runner.exited", { assignment, code: seen.exitCode ?? null, lastLines });
    const after = afterExit(seen.exitCode);
    if (after.kind === "give-up") return failureOf(after.why, lastLines, after.cause);
    if (after.untilUpdated) await ground.updated(assignment, after.pauseMs);
    else if (after.pauseMs > 0) await clock.sleep(after.pauseMs);
  }
  return await launch(runner, assignment);
}

async function clean(runner: Runner, assignment: number, removalToken: string | undefined): Promise<void> {
  const { present, jobsBefore } = await load(runner);
  const own = present?.assignment === assignment;
  const jobs = own ? (await state(runner)).jobs : jobsBefore;
  await runner.ground.destroy(assignment, removalToken);
  if (own) await save(runner, undefined, jobs);
}

/** The port's implementation on the given ground. */
export function runnerProcess(ground: RunnerGround, options: RunnerProcessOptions): RunnerProcess {
  const runner: Runner = { ...options, ground, saved: undefined };
  const present = async (): Promise<number | undefined> => (await load(runner)).present?.assignment;
  return {
    state: () => state(runner),
    register: (request) => register(runner, request),
    resume: (assignment) => resume(runner, assignment),
    stopIfIdle: async () => {
      const assignment = await present();
      return assignment === undefined ? "stopped" : await ground.stopIfIdle(assignment);
    },
    kill: async () => {
      const assignment = await present();
      if (assignment !== undefined) await ground.kill(assignment);
    },
    clean: (assignment, removalToken) => clean(runner, assignment, removalToken),
  };
}
