// The sandbox of one user's plain processes: for laptops and tests. Nothing here needs root; nothing isolates a hostile job.
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { appendFile, copyFile, cp, mkdir, open, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { startMark, type Command, type CommandEnd, type Program } from "../../../cloud/ports/sandbox.ts";
import type { Desk, Sandbox, SandboxSeen } from "../../../cloud/ports/sandbox.ts";
import { readBeginning } from "../../machine/disk-state.ts";
import { hostLimits } from "../../machine/host-limits.ts";
import { inBackground, type Background } from "../../machine/in-background.ts";
import { exitCodeOf, runBounded } from "../../machine/run-bounded.ts";
import { putFiles, takeFiles, wordsIn } from "../place-files.ts";
import { watchPlace } from "../watch-place.ts";
import { findNamed, freeze, killAll, markVariable, processesOf, seenAs, thaw } from "./process-set.ts";
import { childrenOf, readProcess, type Process } from "./process-table.ts";

export interface ProcessSandboxOptions {
  readonly program: Program;
  /** One folder an assignment is made in it. */
  readonly rootsDirectory: string;
  /** PATH of runner and jobs, which inherit nothing from the agent. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the runner's processes or its words have changed. */
  readonly onChange: () => void;
}

interface Context extends ProcessSandboxOptions {
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
const placeOf = ({ rootsDirectory }: Context, assignment: number): Place =>
  placeAt(join(rootsDirectory, String(assignment)));
const deskOf = ({ rootsDirectory }: Context, desk: Desk): Place => placeAt(join(rootsDirectory, `desk-${desk}`));

/**
 * Makes a place afresh. `bin` is copied (a program may resolve links and take the folder above its binary for its own), other folders are
 * linked: nothing looks for its root from there.
 */
async function layOut({ program, rootsDirectory }: Context, place: Place): Promise<void> {
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

const environmentOf = (context: Context, place: Place): Record<string, string> => ({
  PATH: context.path,
  HOME: place.home,
  TMPDIR: place.temporary,
  LANG: "C.UTF-8",
});

async function run(context: Context, desk: Desk, command: Command): Promise<CommandEnd> {
  const place = deskOf(context, desk);
  // An agent that has died may have left a command running.
  await killAll(place.whole, context.clock);
  await layOut(context, place);
  await putFiles(place.root, command.files ?? {});
  const environment = {
    ...environmentOf(context, place),
    ...command.environment,
    [markVariable]: place.whole,
  };
  try {
    const bounds = { ...command, command: join(place.root, command.program), folder: place.root, environment };
    const end = await runBounded(bounds, context.clock);
    return { ...end, files: await takeFiles(place.root, command.results ?? []) };
  } finally {
    await killAll(place.whole, context.clock);
    await rm(place.whole, { recursive: true, force: true });
  }
}

/** Runs the listener's own binary: the exit code 0 of a script around it would prove nothing. */
async function start(
  context: Context,
  assignment: number,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const place = placeOf(context, assignment);
  if ((await livingListener(context, place)) !== undefined) return;
  const [program, ...words] = context.program.listener;
  context.exitCode = undefined;
  await appendFile(place.log, `${startMark}\n`);
  const output = await open(place.log, "a");
  try {
    const child = spawn(join(place.root, program), words, {
      cwd: place.root,
      env: {
        ...environmentOf(context, place),
        ...environment,
        RUNPOOL_JOBS_FILE: place.jobs,
        [markVariable]: place.whole,
      },
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
    });
    child.unref();
    child.on("error", () => context.onChange());
    child.on("exit", (code, signal) => {
      if (context.listener?.pid === child.pid) context.exitCode = exitCodeOf(code, signal);
      context.onChange();
    });
    context.listener = child.pid === undefined ? undefined : await readProcess(child.pid);
    if (child.exitCode !== null || child.signalCode !== null)
      context.exitCode = exitCodeOf(child.exitCode, child.signalCode);
  } finally {
    await output.close();
  }
  supervise(context, place);
}

const isSame = (now: Process | undefined, known: Process): now is Process =>
  now !== undefined && now.start === known.start && !now.zombie;

/** The listener, if it lives; after an agent's restart it is found by its mark, so there is never a second one. */
async function livingListener(context: Context, place: Place): Promise<Process | undefined> {
  if (context.listener !== undefined) {
    const now = await readProcess(context.listener.pid);
    return isSame(now, context.listener) ? now : undefined;
  }
  const found = await findNamed(await processesOf(place.whole), basename(context.program.listener[0]));
  if (found === undefined) return undefined;
  context.listener = found;
  supervise(context, place);
  return found;
}

function supervise(context: Context, place: Place): void {
  const { listener, onChange } = context;
  if (listener === undefined) return;
  const runs = async () => isSame(await readProcess(listener.pid), listener);
  void watchPlace(place.whole, runs, context).then(onChange);
}

/** `stood`: what a freeze has found; without it no more is looked at than has to be, since every process of the machine would be. */
async function look(context: Context, assignment: number, stood?: readonly Process[]): Promise<SandboxSeen> {
  const place = placeOf(context, assignment);
  const listener = await livingListener(context, place);
  const words = await wordsIn(place);
  if (listener !== undefined) {
    const set = stood ?? [listener, ...(await childrenOf(listener.pid))];
    return { ...words, listener: "running", frozen: listener.stopped, processes: await seenAs(set) };
  }
  const processes = await seenAs(stood ?? (words.started ? await processesOf(place.whole) : []));
  if (!words.started) return { ...words, listener: "none", frozen: false, processes };
  const code = context.exitCode === undefined ? {} : { exitCode: context.exitCode };
  return { ...words, ...code, listener: "exited", frozen: false, processes };
}

async function killFrozen(context: Context, assignment: number): Promise<"killed" | "thawed"> {
  // By the listener alone: a job's fork bomb is never stopped as a whole.
  const listener = await livingListener(context, placeOf(context, assignment));
  if (listener?.stopped === false) return "thawed";
  await kill(context, assignment);
  return "killed";
}

async function kill(context: Context, assignment: number): Promise<void> {
  const left = await killAll(placeOf(context, assignment).whole, context.clock);
  if (left.length > 0) context.log.event("runner.not-killed", { assignment, pids: left.map(({ pid }) => pid) });
  context.listener = undefined;
}

async function destroy(context: Context, assignment: number): Promise<void> {
  await kill(context, assignment);
  const { whole } = placeOf(context, assignment);
  const aside = join(context.rootsDirectory, `gone-${assignment}-${context.clock.now()}`);
  if ((await stat(whole).catch(() => undefined)) !== undefined) await rename(whole, aside);
  context.background.run(() => rm(aside, { recursive: true, force: true }));
}

async function awaitFile(context: Context, assignment: number, name: string, limitMs: number): Promise<void> {
  const file = join(placeOf(context, assignment).root, name);
  const until = context.clock.now() + limitMs;
  while ((await readBeginning(file, 0)) === undefined && context.clock.now() < until)
    await context.clock.sleep(hostLimits.startPollMs);
  await rm(file, { force: true });
}

export function processSandbox(options: ProcessSandboxOptions): Sandbox {
  const context: Context = {
    ...options,
    listener: undefined,
    exitCode: undefined,
    background: inBackground(options.log),
  };
  return {
    lay: async (assignment) => {
      await kill(context, assignment);
      await layOut(context, placeOf(context, assignment));
    },
    put: (assignment, name, text) => putFiles(placeOf(context, assignment).root, { [name]: text }),
    run: (desk, command) => run(context, desk, command),
    start: (assignment, environment) => start(context, assignment, environment),
    look: (assignment) => look(context, assignment),
    freeze: async (assignment) =>
      look(context, assignment, await freeze(placeOf(context, assignment).whole, context.clock)),
    thaw: async (assignment) => thaw(await processesOf(placeOf(context, assignment).whole)),
    killFrozen: (assignment) => killFrozen(context, assignment),
    kill: async (assignment) => {
      await killAll(deskOf(context, "register").whole, context.clock);
      await kill(context, assignment);
    },
    destroy: (assignment) => destroy(context, assignment),
    awaitFile: (assignment, name, limitMs) => awaitFile(context, assignment, name, limitMs),
    workFolder: (assignment) => placeOf(context, assignment).work,
    settled: () => context.background.settled(),
  };
}
