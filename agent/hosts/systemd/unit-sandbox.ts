// The sandbox that a systemd unit is (agent/hosts/systemd/units/runpool-runner@.service): own user, own cgroup, own root, killed as a whole.
// Commands are run by the agent itself, under its own user, so no secret ever comes near the job's user.
import { watch, type FSWatcher } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Command, CommandEnd, Desk, Sandbox, SandboxSeen } from "../../../cloud/ports/sandbox.ts";
import { readText, writeAtomically } from "../../machine/disk-state.ts";
import { hostLimits } from "../../machine/host-limits.ts";
import { exitCodeOf, runBounded } from "../../machine/run-bounded.ts";
import { atMostEvery } from "../at-most-every.ts";
import { putFiles, takeFiles, wordsIn } from "../place-files.ts";
import { seenAs } from "../process/process-set.ts";
import { readProcess } from "../process/process-table.ts";
import type { RootRequests, RootVerb } from "./root-requests.ts";

export interface UnitSandboxOptions {
  /** The runner's distribution; its `bin` and `externals` are mounted into the desks by the agent's unit. */
  readonly distribution: string;
  /** The agent's own folder; `handover` in it is what root's units read. */
  readonly stateDirectory: string;
  /** Root's: a folder an assignment. */
  readonly rootsDirectory: string;
  /** The tree of cgroup v2, by `findCgroupTree`. */
  readonly cgroupTree: string;
  readonly path: string;
  /** Further environment of commands: proxies. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly requests: RootRequests;
  readonly clock: Clock;
  readonly onChange: () => void;
}

interface Ground extends UnitSandboxOptions {
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

/** A folder in which the distribution's programs may run: the agent's unit mounts `bin` and `externals` there, other files are copied. */
async function clearDesk({ stateDirectory, distribution }: Ground, desk: Desk): Promise<string> {
  const folder = join(stateDirectory, desk);
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (!entry.isDirectory()) await rm(join(folder, entry.name), { force: true });
  for (const entry of await readdir(distribution, { withFileTypes: true }))
    if (entry.isFile()) await copyFile(join(distribution, entry.name), join(folder, entry.name));
  return folder;
}

async function run(ground: Ground, desk: Desk, command: Command): Promise<CommandEnd> {
  const folder = await clearDesk(ground, desk);
  await putFiles(folder, command.files ?? {});
  const { path, stateDirectory, clock } = ground;
  const own = { PATH: path, HOME: stateDirectory, LANG: "C.UTF-8", ...ground.environment };
  const environment = { ...own, ...command.environment };
  try {
    const end = await runBounded({ ...command, command: join(folder, command.program), folder, environment }, clock);
    return { ...end, files: await takeFiles(folder, command.results ?? []) };
  } finally {
    for (const name of [...Object.keys(command.files ?? {}), ...(command.results ?? [])])
      await rm(join(folder, name), { force: true });
  }
}

/** systemd.exec(5), "Environment=": one `NAME="value"` a line, with backslash, quote, dollar and backtick escaped. */
export const environmentFile = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([name, value]) => `${name}="${value.replaceAll(/[\\"$`]/g, (sign) => `\\${sign}`)}"\n`)
    .join("");

async function start(ground: Ground, assignment: number, environment: Readonly<Record<string, string>>): Promise<void> {
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

/** A file of the runner's cgroup; empty where there is none. */
const ofCgroup = (ground: Ground, assignment: number, name: string): Promise<string> => {
  const group = `runpool.slice/runpool-jobs.slice/runpool-runner@${assignment}.service`;
  return readFile(join(ground.cgroupTree, group, name), "utf8").catch(() => "");
};

async function runs(ground: Ground, assignment: number): Promise<boolean> {
  const ended = await readText(join(rootOf(ground, assignment), "ended"));
  return ended === undefined && (await ofCgroup(ground, assignment, "cgroup.procs")) !== "";
}

/** "exited 7 exit-code" or "killed KILL signal" (runner-ended.sh). */
export function readEnded(text: string): number | undefined {
  const [how, status = ""] = text.trim().split(" ");
  if (how === "exited" && /^\d+$/.test(status)) return Number(status);
  return how === "killed" || how === "dumped" ? exitCodeOf(null, `SIG${status}` as NodeJS.Signals) : undefined;
}

async function look(ground: Ground, assignment: number): Promise<SandboxSeen> {
  const root = rootOf(ground, assignment);
  const [words, ended, pids, freeze] = await Promise.all([
    wordsIn({ log: join(root, "listener.log"), jobs: join(root, "jobs") }),
    readText(join(root, "ended")),
    ofCgroup(ground, assignment, "cgroup.procs"),
    ofCgroup(ground, assignment, "cgroup.freeze"),
  ]);
  const all = await Promise.all(pids.split("\n").filter(Boolean).map(Number).map(readProcess));
  const living = all.flatMap((each) => (each === undefined || each.zombie ? [] : [each]));
  const { started, ...said } = words;
  const seen = { ...said, frozen: freeze.trim() === "1", processes: await seenAs(living) };
  if (ended === undefined && living.length > 0) {
    supervise(ground, assignment);
    return { ...seen, listener: "running" };
  }
  if (!started) return { ...seen, listener: "none" };
  const exitCode = ended === undefined ? undefined : readEnded(ended);
  return { ...seen, listener: "exited", ...(exitCode === undefined ? {} : { exitCode }) };
}

/** runner-stop.sh says it last; what a tool has said before it, such as of a process that is gone, changes nothing. */
async function killFrozen(ground: Ground, assignment: number): Promise<"killed" | "thawed"> {
  const words = await ask(ground, "stop", assignment);
  const last = words.split("\n").at(-1);
  if (last === "killed" || last === "thawed") return last;
  throw new Error(`"stop ${assignment}" ended with neither "killed" nor "thawed": ${words}`);
}

async function destroy(ground: Ground, assignment: number): Promise<void> {
  await ask(ground, "destroy", assignment);
  if (ground.watched?.assignment === assignment) letGo(ground);
  await rm(handoverOf(ground, assignment), { recursive: true, force: true });
}

export function unitSandbox(options: UnitSandboxOptions): Sandbox {
  const ground: Ground = { ...options, watched: undefined };
  return {
    lay: async (assignment) => {
      // A root laid anew under the same number is another folder.
      letGo(ground);
      await destroy(ground, assignment);
    },
    put: (assignment, name, text) => putFiles(join(handoverOf(ground, assignment), "files"), { [name]: text }),
    run: (desk, command) => run(ground, desk, command),
    start: (assignment, environment) => start(ground, assignment, environment),
    look: (assignment) => look(ground, assignment),
    freeze: async (assignment) => {
      await ask(ground, "freeze", assignment);
      return await look(ground, assignment);
    },
    thaw: async (assignment) => void (await ask(ground, "thaw", assignment)),
    killFrozen: (assignment) => killFrozen(ground, assignment),
    kill: async (assignment) => void (await ask(ground, "kill", assignment)),
    destroy: (assignment) => destroy(ground, assignment),
    // The program is read-only there: it leaves nothing beside itself for which anybody would wait.
    awaitFile: () => Promise.resolve(),
    workFolder: (assignment) => join(rootOf(ground, assignment), "work"),
    settled: () => Promise.resolve(),
  };
}
