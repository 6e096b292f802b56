// The runner in a systemd unit of its own (agent/hosts/systemd/units/runpool-runner@.service): own user, own cgroup, own root, killed as a whole.
// The agent registers and removes by itself, under its own user, so no token ever comes near the job's user.
import { watch, type FSWatcher } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RegisterRequest } from "../../../cloud/ports/runner.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { readBeginning, readEnds, readText, writeAtomically } from "../disk-state.ts";
import { hostLimits, hostMaxima } from "../host-limits.ts";
import { atMostEvery } from "../at-most-every.ts";
import { inBackground, type Background } from "../in-background.ts";
import { startMark } from "../../runners/github/listener-log.ts";
import { findNamed } from "../process/process-set.ts";
import { readProcess } from "../process/process-table.ts";
import { exitCodeOf, type BoundedEnd } from "../run-bounded.ts";
import { makeRegistration, runRemoval } from "../../runners/github/run-config.ts";
import type { RootRequests, RootVerb } from "./root-requests.ts";
import type { ListenerEnvironment, RunnerGround, RunnerSeen } from "../runner-ground.ts";
import { registrationFiles, saveRegistration } from "../../runners/github/runner-root.ts";

export interface UnitGroundOptions {
  /** The runner's distribution; its `bin` and `externals` are mounted into `register` and `remove` by the agent's unit. */
  readonly distribution: string;
  /** The agent's own folder; `handover` in it is what root's units read. */
  readonly stateDirectory: string;
  /** Root's: a folder an assignment. */
  readonly rootsDirectory: string;
  /** The tree of cgroup v2, by `findCgroupTree`. */
  readonly cgroupTree: string;
  readonly path: string;
  /** Further environment of `config.sh`: proxies. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly requests: RootRequests;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}

export interface UnitGround extends RunnerGround {
  /** Resolves when no registration is being removed any more. */
  settled(): Promise<void>;
}

interface Ground extends UnitGroundOptions {
  readonly background: Background;
  /** The listener that is watched. */
  watched: { readonly assignment: number; readonly enough: AbortController } | undefined;
}

/** cgroup v2 lies beside v1 on hybrid hosts. */
export const findCgroupTree = async (): Promise<string> =>
  (await readText("/sys/fs/cgroup/unified/cgroup.procs").catch(() => undefined)) === undefined
    ? "/sys/fs/cgroup"
    : "/sys/fs/cgroup/unified";

const handoverOf = ({ stateDirectory }: Ground, assignment: number): string =>
  join(stateDirectory, "handover", String(assignment));
const rootOf = ({ rootsDirectory }: Ground, assignment: number): string => join(rootsDirectory, String(assignment));

async function ask(ground: Ground, verb: RootVerb, assignment: number): Promise<string> {
  const { code, words } = await ground.requests.ask(verb, assignment, hostLimits.requestMs);
  if (code !== 0) throw new Error(`"${verb} ${assignment}" ended with ${code}: ${words}`);
  return words;
}

/** A root in which `config.sh` may run: the agent's unit mounts `bin` and `externals` there, the scripts are copied. */
async function desk(ground: Ground, name: "register" | "remove"): Promise<string> {
  const root = join(ground.stateDirectory, name);
  for (const file of registrationFiles) await rm(join(root, file), { force: true });
  for (const entry of await readdir(ground.distribution, { withFileTypes: true }))
    if (entry.isFile()) await copyFile(join(ground.distribution, entry.name), join(root, entry.name));
  return root;
}

const environmentOf = ({ path, stateDirectory, environment }: Ground): Record<string, string> => ({
  PATH: path,
  HOME: stateDirectory,
  LANG: "C.UTF-8",
  ...environment,
});

async function configure(
  ground: Ground,
  { assignment, token, registration }: RegisterRequest,
  commandLine: readonly string[],
): Promise<BoundedEnd> {
  const root = await desk(ground, "register");
  const work = join(rootOf(ground, assignment), "work");
  const run = {
    root,
    commandLine: [...commandLine, "--work", work],
    token,
    environment: environmentOf(ground),
    limitMs: hostLimits.configureMs,
  };
  const end = await makeRegistration(registration.kind, run, ground.clock, ground.log);
  if (end.code === 0) await saveRegistration(root, handoverOf(ground, assignment));
  for (const file of registrationFiles) await rm(join(root, file), { force: true });
  return end;
}

/** systemd.exec(5), "Environment=": one `NAME="value"` a line, with backslash, quote, dollar and backtick escaped. */
export const environmentFile = (environment: ListenerEnvironment): string =>
  Object.entries(environment)
    .map(([name, value]) => `${name}="${value.replaceAll(/[\\"$`]/g, (sign) => `\\${sign}`)}"\n`)
    .join("");

async function start(ground: Ground, assignment: number, environment: ListenerEnvironment): Promise<void> {
  const handover = handoverOf(ground, assignment);
  await mkdir(handover, { recursive: true, mode: 0o700 });
  await writeAtomically(join(handover, "environment"), environmentFile(environment));
  await ask(ground, "start", assignment);
  letGo(ground);
  supervise(ground, assignment);
}

/**
 * Tells of a word of listener or hooks at once, of what follows within `hostLimits.watchPollMs`, and once more a little later (a worker
 * begins shortly after the word of it); of the listener's end when root writes it down, and at the latest `hostLimits.watchPollMs` after
 * its last process has gone.
 */
function supervise(ground: Ground, assignment: number): void {
  if (ground.watched?.assignment === assignment) return;
  ground.watched?.enough.abort();
  const { clock, onChange } = ground;
  const watched = { assignment, enough: new AbortController() };
  const { signal } = watched.enough;
  ground.watched = watched;
  let changed = false;
  const due = atMostEvery(hostLimits.watchPollMs, clock);
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(rootOf(ground, assignment), { persistent: false }, (_, file) => {
      changed = true;
      if (due(file)) onChange();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // There is no such root, or no longer: the loop below ends too.
  }
  const whole = async (): Promise<void> => {
    // Where it cannot be told, it counts as running: nobody waits for this, so nothing may be thrown here.
    while (!signal.aborted && (await runs(ground, assignment).catch(() => true))) {
      await clock.sleep(hostLimits.watchPollMs, signal);
      if (changed && !signal.aborted) onChange();
      changed = false;
    }
    watcher?.close();
    if (ground.watched === watched) ground.watched = undefined;
    if (!signal.aborted) onChange();
  };
  void whole();
}

function letGo(ground: Ground): void {
  ground.watched?.enough.abort();
  ground.watched = undefined;
}

/** The processes of the runner's cgroup; empty where there is none. */
const processesOf = (ground: Ground, assignment: number): Promise<string> => {
  const group = `runpool.slice/runpool-jobs.slice/runpool-runner@${assignment}.service/cgroup.procs`;
  return readFile(join(ground.cgroupTree, group), "utf8").catch(() => "");
};

async function runs(ground: Ground, assignment: number): Promise<boolean> {
  const ended = await readText(join(rootOf(ground, assignment), "ended"));
  return ended === undefined && (await processesOf(ground, assignment)) !== "";
}

/** "exited 7 exit-code" or "killed KILL signal" (runner-ended.sh). */
export function readEnded(text: string): number | undefined {
  const [how, status = ""] = text.trim().split(" ");
  if (how === "exited" && /^\d+$/.test(status)) return Number(status);
  return how === "killed" || how === "dumped" ? exitCodeOf(null, `SIG${status}` as NodeJS.Signals) : undefined;
}

async function look(ground: Ground, assignment: number): Promise<RunnerSeen> {
  const root = rootOf(ground, assignment);
  const [log = "", jobs = "", ended, pids] = await Promise.all([
    readEnds(join(root, "listener.log"), hostMaxima.logBytes),
    readBeginning(join(root, "jobs"), hostMaxima.jobsBytes),
    readText(join(root, "ended")),
    processesOf(ground, assignment),
  ]);
  const processes = await Promise.all(pids.split("\n").filter(Boolean).map(Number).map(readProcess));
  const living = processes.filter((each) => each !== undefined && !each.zombie);
  const busy =
    (await findNamed(
      living.filter((each) => each !== undefined),
      "Runner.Worker",
    )) !== undefined;
  if (ended === undefined && living.length > 0) {
    supervise(ground, assignment);
    return { log, jobs, listener: "running", busy };
  }
  if (!log.includes(startMark)) return { log, jobs, listener: "none", busy };
  const exitCode = ended === undefined ? undefined : readEnded(ended);
  return { log, jobs, listener: "exited", ...(exitCode === undefined ? {} : { exitCode }), busy };
}

/** runner-stop.sh says it last; what a tool has said before it, such as of a process that is gone, changes nothing. */
async function stopIfIdle(ground: Ground, assignment: number): Promise<"stopped" | "busy"> {
  const words = await ask(ground, "stop", assignment);
  const last = words.split("\n").at(-1);
  if (last === "busy" || last === "stopped") return last;
  throw new Error(`"stop ${assignment}" ended with neither "busy" nor "stopped": ${words}`);
}

async function destroy(ground: Ground, assignment: number, removalToken: string | undefined): Promise<void> {
  await ask(ground, "destroy", assignment);
  if (ground.watched?.assignment === assignment) letGo(ground);
  const { clock, log, background } = ground;
  background.run(async () => {
    const handover = handoverOf(ground, assignment);
    const known = await readText(join(handover, ".runner"));
    if (removalToken !== undefined && known !== undefined) {
      const root = await desk(ground, "remove");
      for (const file of registrationFiles)
        await copyFile(join(handover, file), join(root, file)).catch(() => undefined);
      await runRemoval(assignment, { root, token: removalToken, environment: environmentOf(ground) }, clock, log);
    }
    await rm(handover, { recursive: true, force: true });
  });
}

export function unitGround(options: UnitGroundOptions): UnitGround {
  const ground: Ground = { ...options, background: inBackground(options.log), watched: undefined };
  return {
    lay: async (assignment) => {
      // A root laid anew under the same number is another folder.
      letGo(ground);
      await ask(ground, "destroy", assignment);
      await rm(handoverOf(ground, assignment), { recursive: true, force: true });
    },
    configure: (request, commandLine) => configure(ground, request, commandLine),
    start: (assignment, environment) => start(ground, assignment, environment),
    // Its `bin` is read-only and it was told not to update itself: there is no update to wait for.
    updated: () => Promise.resolve(),
    look: (assignment) => look(ground, assignment),
    stopIfIdle: (assignment) => stopIfIdle(ground, assignment),
    kill: async (assignment) => void (await ask(ground, "kill", assignment)),
    destroy: (assignment, removalToken) => destroy(ground, assignment, removalToken),
    settled: () => ground.background.settled(),
  };
}
