// The sandbox of one user's plain processes: for laptops and tests. Nothing here needs root; nothing isolates a hostile job.
import { spawn } from "node:child_process";
import { constants, watch } from "node:fs";
import { appendFile, copyFile, cp, mkdir, open, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { startMark, type Command, type CommandEnd, type Program } from "../../../cloud/ports/sandbox.ts";
import type { Desk, Sandbox, SandboxSeen } from "../../../cloud/ports/sandbox.ts";
import { readBeginning } from "../../machine/disk-state.ts";
import { hostLimits } from "../../machine/host-limits.ts";
import { atMostEvery } from "../at-most-every.ts";
import { inBackground, type Background } from "../../machine/in-background.ts";
import { exitCodeOf, runBounded } from "../../machine/run-bounded.ts";
import { putFiles, takeFiles, wordsIn } from "../place-files.ts";
import { findNamed, freeze, killAll, markVariable, processesOf, seenAs, thaw } from "./process-set.ts";
import { childrenOf, readProcess, type Process } from "./process-table.ts";

export interface ProcessSandboxOptions {
  readonly program: Program;
  /** One folder an assignment is made in it. */
  readonly rootsDirectory: string;
  /** PATH of runner and jobs. */
  readonly path: string;
  /** Further environment of runner and jobs; nothing is inherited from the agent. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the runner's processes or its words have changed. */
  readonly onChange: () => void;
}

interface Ground extends ProcessSandboxOptions {
  /** The listener that lives, or the one that lived last. */
  listener: Process | undefined;
  /** How that one ended; unknown where it ended while no agent lived. */
  exitCode: number | undefined;
  readonly background: Background;
}

interface Place {
  readonly whole: string;
  /** Where the program lies. */
  readonly root: string;
  readonly home: string;
  readonly temporary: string;
  readonly work: string;
  readonly log: string;
  readonly jobs: string;
}

const placeAt = (whole: string): Place => ({
  whole,
  root: join(whole, "runner"),
  home: join(whole, "home"),
  temporary: join(whole, "tmp"),
  work: join(whole, "work"),
  log: join(whole, "listener.log"),
  jobs: join(whole, "jobs"),
});
const placeOf = ({ rootsDirectory }: Ground, assignment: number): Place =>
  placeAt(join(rootsDirectory, String(assignment)));
const deskOf = ({ rootsDirectory }: Ground, desk: Desk): Place => placeAt(join(rootsDirectory, `desk-${desk}`));

/**
 * Makes a place afresh. `bin` is copied (a program may resolve links and take the folder above its binary for its own), other folders are
 * linked: nothing looks for its root from there.
 */
async function layOut({ program, rootsDirectory }: Ground, place: Place): Promise<void> {
  await mkdir(rootsDirectory, { recursive: true });
  await rm(place.whole, { recursive: true, force: true });
  for (const folder of [place.root, place.home, place.temporary, place.work])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(program.distribution, { withFileTypes: true })) {
    const from = join(program.distribution, entry.name);
    const to = join(place.root, entry.name);
    if (entry.name === "bin") await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
    else if (entry.isDirectory()) await symlink(from, to);
    else if (!entry.name.startsWith(".")) await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
  await putFiles(place.root, program.files);
  await writeFile(place.jobs, "");
}

const environmentOf = (ground: Ground, place: Place): Record<string, string> => ({
  PATH: ground.path,
  HOME: place.home,
  TMPDIR: place.temporary,
  LANG: "C.UTF-8",
  ...ground.environment,
});

async function run(ground: Ground, desk: Desk, command: Command): Promise<CommandEnd> {
  const place = deskOf(ground, desk);
  // An agent that has died may have left a command running.
  await killAll(place.whole, ground.clock);
  await layOut(ground, place);
  await putFiles(place.root, command.files ?? {});
  const environment = {
    ...environmentOf(ground, place),
    ...command.environment,
    [markVariable]: place.whole,
  };
  try {
    const bounds = { ...command, command: join(place.root, command.program), folder: place.root, environment };
    const end = await runBounded(bounds, ground.clock);
    return { ...end, files: await takeFiles(place.root, command.results ?? []) };
  } finally {
    await killAll(place.whole, ground.clock);
    await rm(place.whole, { recursive: true, force: true });
  }
}

/** Runs the listener's own binary: the exit code 0 of a script around it would prove nothing. */
async function start(ground: Ground, assignment: number, environment: Readonly<Record<string, string>>): Promise<void> {
  const place = placeOf(ground, assignment);
  if ((await livingListener(ground, place)) !== undefined) return;
  const [program, ...words] = ground.program.listener;
  ground.exitCode = undefined;
  await appendFile(place.log, `${startMark}\n`);
  const output = await open(place.log, "a");
  try {
    const child = spawn(join(place.root, program), words, {
      cwd: place.root,
      env: {
        ...environmentOf(ground, place),
        ...environment,
        RUNPOOL_JOBS_FILE: place.jobs,
        [markVariable]: place.whole,
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
  supervise(ground, place);
}

const isSame = (now: Process | undefined, known: Process): now is Process =>
  now !== undefined && now.start === known.start && !now.zombie;

/** The listener, if it lives; after an agent's restart it is found by its mark, so there is never a second one. */
async function livingListener(ground: Ground, place: Place): Promise<Process | undefined> {
  if (ground.listener !== undefined) {
    const now = await readProcess(ground.listener.pid);
    return isSame(now, ground.listener) ? now : undefined;
  }
  const found = await findNamed(await processesOf(place.whole), basename(ground.program.listener[0]));
  if (found === undefined) return undefined;
  ground.listener = found;
  supervise(ground, place);
  return found;
}

/**
 * Tells of a word of the listener or its hooks at once, of what follows within `hostLimits.watchPollMs`, and once more a little later (a
 * worker begins shortly after the word of it); of the listener's end within `hostLimits.watchPollMs`.
 */
function supervise(ground: Ground, place: Place): void {
  const { listener, clock, onChange } = ground;
  if (listener === undefined) return;
  let changed = false;
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    const due = atMostEvery(hostLimits.watchPollMs, clock);
    watcher = watch(place.whole, { persistent: false }, (_, file) => {
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

/** `stood`: what a freeze has found; without it no more is looked at than has to be, since every process of the machine would be. */
async function look(ground: Ground, assignment: number, stood?: readonly Process[]): Promise<SandboxSeen> {
  const place = placeOf(ground, assignment);
  const listener = await livingListener(ground, place);
  const words = await wordsIn(place);
  if (listener !== undefined) {
    const set = stood ?? [listener, ...(await childrenOf(listener.pid))];
    return { ...words, listener: "running", frozen: listener.stopped, processes: await seenAs(set) };
  }
  const processes = await seenAs(stood ?? (words.started ? await processesOf(place.whole) : []));
  if (!words.started) return { ...words, listener: "none", frozen: false, processes };
  const code = ground.exitCode === undefined ? {} : { exitCode: ground.exitCode };
  return { ...words, ...code, listener: "exited", frozen: false, processes };
}

async function killFrozen(ground: Ground, assignment: number): Promise<"killed" | "thawed"> {
  // By the listener alone: a job's fork bomb is never stopped as a whole.
  const listener = await livingListener(ground, placeOf(ground, assignment));
  if (listener?.stopped === false) return "thawed";
  await kill(ground, assignment);
  return "killed";
}

async function kill(ground: Ground, assignment: number): Promise<void> {
  const left = await killAll(placeOf(ground, assignment).whole, ground.clock);
  if (left.length > 0) ground.log.event("runner.not-killed", { assignment, pids: left.map(({ pid }) => pid) });
  ground.listener = undefined;
}

async function destroy(ground: Ground, assignment: number): Promise<void> {
  await kill(ground, assignment);
  const { whole } = placeOf(ground, assignment);
  const aside = join(ground.rootsDirectory, `gone-${assignment}-${ground.clock.now()}`);
  if ((await stat(whole).catch(() => undefined)) !== undefined) await rename(whole, aside);
  ground.background.run(() => rm(aside, { recursive: true, force: true }));
}

async function awaitFile(ground: Ground, assignment: number, name: string, limitMs: number): Promise<void> {
  const file = join(placeOf(ground, assignment).root, name);
  const until = ground.clock.now() + limitMs;
  while ((await readBeginning(file, 0)) === undefined && ground.clock.now() < until)
    await ground.clock.sleep(hostLimits.startPollMs);
  await rm(file, { force: true });
}

export function processSandbox(options: ProcessSandboxOptions): Sandbox {
  const ground: Ground = {
    ...options,
    listener: undefined,
    exitCode: undefined,
    background: inBackground(options.log),
  };
  return {
    lay: async (assignment) => {
      await kill(ground, assignment);
      await layOut(ground, placeOf(ground, assignment));
    },
    put: (assignment, name, text) => putFiles(placeOf(ground, assignment).root, { [name]: text }),
    run: (desk, command) => run(ground, desk, command),
    start: (assignment, environment) => start(ground, assignment, environment),
    look: (assignment) => look(ground, assignment),
    freeze: async (assignment) =>
      look(ground, assignment, await freeze(placeOf(ground, assignment).whole, ground.clock)),
    thaw: async (assignment) => thaw(await processesOf(placeOf(ground, assignment).whole)),
    killFrozen: (assignment) => killFrozen(ground, assignment),
    kill: async (assignment) => {
      await killAll(deskOf(ground, "register").whole, ground.clock);
      await kill(ground, assignment);
    },
    destroy: (assignment) => destroy(ground, assignment),
    awaitFile: (assignment, name, limitMs) => awaitFile(ground, assignment, name, limitMs),
    workFolder: (assignment) => placeOf(ground, assignment).work,
    settled: () => ground.background.settled(),
  };
}
