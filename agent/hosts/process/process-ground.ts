// The runner as plain child processes of one user: for laptops and tests. Nothing here needs root; nothing isolates a hostile job.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { appendFile, copyFile, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RegisterRequest } from "../../../cloud/ports/runner.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { readBeginning, readEnds } from "../disk-state.ts";
import { hostLimits, hostMaxima } from "../host-limits.ts";
import { atMostEvery } from "../at-most-every.ts";
import { inBackground, type Background } from "../in-background.ts";
import { saysJobLast, startMark } from "../../runners/github/listener-log.ts";
import { findNamed, freeze, hasWorker, killAll, markVariable, processesOf, thaw } from "./process-set.ts";
import { childrenOf, readProcess, type Process } from "./process-table.ts";
import { exitCodeOf, type BoundedEnd } from "../run-bounded.ts";
import { makeRegistration, runRemoval } from "../../runners/github/run-config.ts";
import type { RunnerGround, RunnerSeen } from "../runner-ground.ts";
import {
  foldersOf,
  layRoot,
  registrationFiles,
  saveRegistration,
  type RunnerFolders,
} from "../../runners/github/runner-root.ts";

export interface ProcessGroundOptions {
  /** The runner's distribution, unpacked: `bin`, `externals`, `config.sh`, `run.sh`. */
  readonly distribution: string;
  /** One folder an assignment is made in it. */
  readonly rootsDirectory: string;
  readonly stateDirectory: string;
  /** PATH of runner and jobs. */
  readonly path: string;
  /** Further environment of runner and jobs; nothing is inherited from the agent. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the runner's processes or its words have changed. */
  readonly onChange: () => void;
}

export interface ProcessGround extends RunnerGround {
  /** Resolves when nothing is being removed in the background any more. */
  settled(): Promise<void>;
}

interface Ground extends ProcessGroundOptions {
  /** The listener that lives, or the one that lived last. */
  listener: Process | undefined;
  /** How that one ended; unknown where it ended while no agent lived. */
  exitCode: number | undefined;
  readonly background: Background;
}

const placeOf = ({ rootsDirectory }: Ground, assignment: number): RunnerFolders =>
  foldersOf(join(rootsDirectory, String(assignment)));
const savedOf = ({ stateDirectory }: Ground, assignment: number): string =>
  join(stateDirectory, `registration-${assignment}`);

const environmentOf = (ground: Ground, folders: RunnerFolders): Record<string, string> => ({
  PATH: ground.path,
  HOME: folders.home,
  TMPDIR: folders.temporary,
  LANG: "C.UTF-8",
  ...(process.getuid?.() === 0 ? { RUNNER_ALLOW_RUNASROOT: "1" } : {}),
  ...ground.environment,
});

const configEnvironment = (ground: Ground, folders: RunnerFolders): Record<string, string> => ({
  ...environmentOf(ground, folders),
  [markVariable]: folders.whole,
});

async function configure(
  ground: Ground,
  { assignment, token, registration }: RegisterRequest,
  commandLine: readonly string[],
): Promise<BoundedEnd> {
  const folders = placeOf(ground, assignment);
  const run = {
    root: folders.root,
    commandLine: [...commandLine, "--work", folders.work],
    token,
    environment: configEnvironment(ground, folders),
    limitMs: hostLimits.configureMs,
  };
  const end = await makeRegistration(registration.kind, run, ground.clock, ground.log);
  if (end.code === 0) await saveRegistration(folders.root, savedOf(ground, assignment));
  return end;
}

/** Runs the listener's own binary: run.sh's exit code 0 proves nothing. */
async function start(ground: Ground, assignment: number, environment: Readonly<Record<string, string>>): Promise<void> {
  const folders = placeOf(ground, assignment);
  if ((await livingListener(ground, folders)) !== undefined) return;
  ground.exitCode = undefined;
  await appendFile(folders.log, `${startMark}\n`);
  const output = await open(folders.log, "a");
  try {
    const child = spawn(join(folders.root, "bin", "Runner.Listener"), ["run"], {
      cwd: folders.root,
      env: {
        ...environmentOf(ground, folders),
        ...environment,
        RUNPOOL_JOBS_FILE: folders.jobs,
        [markVariable]: folders.whole,
      },
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
    });
    child.unref();
    child.on("error", () => ground.onChange());
    child.on("exit", (code, signal) => {
      if (ground.listener?.pid === child.pid) ground.exitCode = exitCodeOf(code, signal);
      ground.onChange();
    });
    ground.listener = child.pid === undefined ? undefined : await readProcess(child.pid);
    if (child.exitCode !== null || child.signalCode !== null)
      ground.exitCode = exitCodeOf(child.exitCode, child.signalCode);
  } finally {
    await output.close();
  }
  supervise(ground, folders);
}

const isSame = (now: Process | undefined, known: Process): now is Process =>
  now !== undefined && now.start === known.start && !now.zombie;

/** The listener, if it lives; after an agent's restart it is found by its mark, so there is never a second one. */
async function livingListener(ground: Ground, folders: RunnerFolders): Promise<Process | undefined> {
  if (ground.listener !== undefined) {
    const now = await readProcess(ground.listener.pid);
    return isSame(now, ground.listener) ? now : undefined;
  }
  const found = await findNamed(await processesOf(folders.whole), "Runner.Listener");
  if (found === undefined) return undefined;
  ground.listener = found;
  supervise(ground, folders);
  return found;
}

/**
 * Tells of a word of the listener or its hooks at once, of what follows within `hostLimits.watchPollMs`, and once more a little later (a
 * worker begins shortly after the word of it); of the listener's end within `hostLimits.watchPollMs`.
 */
function supervise(ground: Ground, folders: RunnerFolders): void {
  const { listener, clock, onChange } = ground;
  if (listener === undefined) return;
  let changed = false;
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    const due = atMostEvery(hostLimits.watchPollMs, clock);
    watcher = watch(folders.whole, { persistent: false }, (_, file) => {
      changed = true;
      if (due(file)) onChange();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // The root has gone in this moment; the loop below ends too.
  }
  const whole = async (): Promise<void> => {
    while (isSame(await readProcess(listener.pid), listener)) {
      await clock.sleep(hostLimits.watchPollMs);
      if (changed) onChange();
      changed = false;
    }
    watcher?.close();
    onChange();
  };
  void whole();
}

async function look(ground: Ground, assignment: number): Promise<RunnerSeen> {
  const folders = placeOf(ground, assignment);
  const listener = await livingListener(ground, folders);
  const [log, jobs] = await Promise.all([
    readEnds(folders.log, hostMaxima.logBytes),
    readBeginning(folders.jobs, hostMaxima.jobsBytes),
  ]);
  const words = { log: log ?? "", jobs: jobs ?? "" };
  if (listener !== undefined) {
    const worker = await findNamed(await childrenOf(listener.pid), "Runner.Worker");
    return { ...words, listener: "running", busy: worker !== undefined };
  }
  if (log === undefined) return { ...words, listener: "none", busy: false };
  const left = await findNamed(await processesOf(folders.whole), "Runner.Worker");
  const code = ground.exitCode === undefined ? {} : { exitCode: ground.exitCode };
  return { ...words, ...code, listener: "exited", busy: left !== undefined };
}

/** A listener that gives such a job up says nothing more: so for a while only. */
async function hasTakenJob({ clock }: Ground, log: string): Promise<boolean> {
  const { mtimeMs } = (await stat(log).catch(() => undefined)) ?? { mtimeMs: Number.NEGATIVE_INFINITY };
  if (clock.now() - mtimeMs >= hostLimits.takenJobMs) return false;
  return saysJobLast((await readEnds(log, hostMaxima.lastWordsBytes)) ?? "");
}

/** As agent/hosts/systemd/units/runner-stop.sh. */
async function stopIfIdle(ground: Ground, assignment: number): Promise<"stopped" | "busy"> {
  const { whole, log } = placeOf(ground, assignment);
  const set = await freeze(whole, ground.clock);
  if ((await hasWorker(set)) || (await hasTakenJob(ground, log))) {
    thaw(set);
    return "busy";
  }
  await kill(ground, assignment);
  return "stopped";
}

async function kill(ground: Ground, assignment: number): Promise<void> {
  const left = await killAll(placeOf(ground, assignment).whole, ground.clock);
  if (left.length > 0) ground.log.event("runner.not-killed", { assignment, pids: left.map(({ pid }) => pid) });
  ground.listener = undefined;
}

async function destroy(ground: Ground, assignment: number, removalToken: string | undefined): Promise<void> {
  await kill(ground, assignment);
  const folders = placeOf(ground, assignment);
  const aside = join(ground.rootsDirectory, `gone-${assignment}-${ground.clock.now()}`);
  if ((await stat(folders.whole).catch(() => undefined)) !== undefined) await rename(folders.whole, aside);
  ground.background.run(async () => {
    if (removalToken !== undefined) await removeRegistration(ground, assignment, removalToken);
    await rm(savedOf(ground, assignment), { recursive: true, force: true });
    await rm(aside, { recursive: true, force: true });
  });
}

/**
 * `config.sh remove` acts on whatever `.runner` it finds and sends the token where that says: so it runs in a fresh root, with the
 * registration as it was before the first job.
 */
async function removeRegistration(ground: Ground, assignment: number, token: string): Promise<void> {
  const saved = savedOf(ground, assignment);
  if ((await readdir(saved).catch(() => [])).length === 0) return;
  const folders = foldersOf(join(ground.rootsDirectory, `removal-${assignment}`));
  await layRoot(ground.distribution, folders, ground.path);
  for (const name of registrationFiles)
    await copyFile(join(saved, name), join(folders.root, name)).catch(() => undefined);
  const { clock, log } = ground;
  await runRemoval(
    assignment,
    { root: folders.root, token, environment: configEnvironment(ground, folders) },
    clock,
    log,
  );
  await killAll(folders.whole, clock);
  await rm(folders.whole, { recursive: true, force: true });
}

export function processGround(options: ProcessGroundOptions): ProcessGround {
  const ground: Ground = {
    ...options,
    listener: undefined,
    exitCode: undefined,
    background: inBackground(options.log),
  };
  return {
    lay: async (assignment) => {
      await kill(ground, assignment);
      await mkdir(options.rootsDirectory, { recursive: true });
      await layRoot(options.distribution, placeOf(ground, assignment), options.path);
    },
    configure: (request, commandLine) => configure(ground, request, commandLine),
    start: (assignment, environment) => start(ground, assignment, environment),
    updated: (assignment, limitMs) => updated(ground, assignment, limitMs),
    look: (assignment) => look(ground, assignment),
    stopIfIdle: (assignment) => stopIfIdle(ground, assignment),
    kill: (assignment) => kill(ground, assignment),
    destroy: (assignment, removalToken) => destroy(ground, assignment, removalToken),
    settled: () => ground.background.settled(),
  };
}

async function updated(ground: Ground, assignment: number, limitMs: number): Promise<void> {
  const file = join(placeOf(ground, assignment).root, "update.finished");
  const until = ground.clock.now() + limitMs;
  while ((await readBeginning(file, 0)) === undefined && ground.clock.now() < until)
    await ground.clock.sleep(hostLimits.startPollMs);
  await rm(file, { force: true });
}
