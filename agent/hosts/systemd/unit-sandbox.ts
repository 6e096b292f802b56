// The sandbox that a systemd unit is (agent/hosts/systemd/units/runpool-runner@.service): own user, own cgroup, own root, killed as a whole.
// Commands are run by the agent itself, under its own user, so no secret ever comes near the job's user.
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Command, CommandEnd, Desk, Sandbox, SandboxSeen } from "../../../cloud/ports/sandbox.ts";
import { readText, writeAtomically } from "../../machine/disk-state.ts";
import { hostLimits } from "../../machine/host-limits.ts";
import { exitCodeOf, runBounded } from "../../machine/run-bounded.ts";
import { putFiles, takeFiles, wordsIn } from "../place-files.ts";
import { watchPlace } from "../watch-place.ts";
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

interface Context extends UnitSandboxOptions {
  /** The listener that is watched. */
  watched: { readonly assignment: number; readonly stop: AbortController } | undefined;
}

/** cgroup v2 lies beside v1 on hybrid hosts. */
export const findCgroupTree = async (): Promise<string> =>
  (await readText("/sys/fs/cgroup/unified/cgroup.procs").catch(() => undefined)) === undefined
    ? "/sys/fs/cgroup"
    : "/sys/fs/cgroup/unified";

const handoverOf = ({ stateDirectory }: Context, assignment: number): string =>
  join(stateDirectory, "handover", String(assignment));
const rootOf = ({ rootsDirectory }: Context, assignment: number): string => join(rootsDirectory, String(assignment));

async function ask(context: Context, verb: RootVerb, assignment: number): Promise<string> {
  const { code, words } = await context.requests.ask(verb, assignment, hostLimits.requestMs);
  if (code !== 0) throw new Error(`"${verb} ${assignment}" ended with ${code}: ${words}`);
  return words;
}

/** A folder in which the distribution's programs may run: the agent's unit mounts `bin` and `externals` there, other files are copied. */
async function clearDesk({ stateDirectory, distribution }: Context, desk: Desk): Promise<string> {
  const folder = join(stateDirectory, desk);
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (!entry.isDirectory()) await rm(join(folder, entry.name), { force: true });
  for (const entry of await readdir(distribution, { withFileTypes: true }))
    if (entry.isFile()) await copyFile(join(distribution, entry.name), join(folder, entry.name));
  return folder;
}

async function run(context: Context, desk: Desk, command: Command): Promise<CommandEnd> {
  const folder = await clearDesk(context, desk);
  await putFiles(folder, command.files ?? {});
  const { path, stateDirectory, clock } = context;
  const own = { PATH: path, HOME: stateDirectory, LANG: "C.UTF-8", ...context.environment };
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

async function start(
  context: Context,
  assignment: number,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const handover = handoverOf(context, assignment);
  await mkdir(handover, { recursive: true, mode: 0o700 });
  await writeAtomically(join(handover, "environment"), environmentFile(environment));
  await ask(context, "start", assignment);
  letGo(context);
  supervise(context, assignment);
}

function supervise(context: Context, assignment: number): void {
  if (context.watched?.assignment === assignment) return;
  letGo(context);
  const watched = { assignment, stop: new AbortController() };
  const { signal } = watched.stop;
  context.watched = watched;
  void watchPlace(rootOf(context, assignment), () => runs(context, assignment), context, signal).then(() => {
    if (context.watched === watched) context.watched = undefined;
    if (!signal.aborted) context.onChange();
  });
}

function letGo(context: Context): void {
  context.watched?.stop.abort();
  context.watched = undefined;
}

/** A file of the runner's cgroup; empty where there is none. */
const ofCgroup = (context: Context, assignment: number, name: string): Promise<string> => {
  const group = `runpool.slice/runpool-jobs.slice/runpool-runner@${assignment}.service`;
  return readFile(join(context.cgroupTree, group, name), "utf8").catch(() => "");
};

async function runs(context: Context, assignment: number): Promise<boolean> {
  const ended = await readText(join(rootOf(context, assignment), "ended"));
  return ended === undefined && (await ofCgroup(context, assignment, "cgroup.procs")) !== "";
}

/** "exited 7 exit-code" or "killed KILL signal" (runner-ended.sh). */
export function readEnded(text: string): number | undefined {
  const [how, status = ""] = text.trim().split(" ");
  if (how === "exited" && /^\d+$/.test(status)) return Number(status);
  return how === "killed" || how === "dumped" ? exitCodeOf(null, `SIG${status}` as NodeJS.Signals) : undefined;
}

async function look(context: Context, assignment: number): Promise<SandboxSeen> {
  const root = rootOf(context, assignment);
  const [words, ended, pids, freeze] = await Promise.all([
    wordsIn({ log: join(root, "listener.log"), jobs: join(root, "jobs") }),
    readText(join(root, "ended")),
    ofCgroup(context, assignment, "cgroup.procs"),
    ofCgroup(context, assignment, "cgroup.freeze"),
  ]);
  const all = await Promise.all(pids.split("\n").filter(Boolean).map(Number).map(readProcess));
  const living = all.flatMap((each) => (each === undefined || each.zombie ? [] : [each]));
  const { started, ...said } = words;
  const seen = { ...said, frozen: freeze.trim() === "1", processes: await seenAs(living) };
  if (ended === undefined && living.length > 0) {
    supervise(context, assignment);
    return { ...seen, listener: "running" };
  }
  if (!started) return { ...seen, listener: "none" };
  const exitCode = ended === undefined ? undefined : readEnded(ended);
  return { ...seen, listener: "exited", ...(exitCode === undefined ? {} : { exitCode }) };
}

/** runner-stop.sh says it last; what a tool has said before it, such as of a process that is gone, changes nothing. */
async function killFrozen(context: Context, assignment: number): Promise<"killed" | "thawed"> {
  const words = await ask(context, "stop", assignment);
  const last = words.split("\n").at(-1);
  if (last === "killed" || last === "thawed") return last;
  throw new Error(`"stop ${assignment}" ended with neither "killed" nor "thawed": ${words}`);
}

async function destroy(context: Context, assignment: number): Promise<void> {
  await ask(context, "destroy", assignment);
  if (context.watched?.assignment === assignment) letGo(context);
  await rm(handoverOf(context, assignment), { recursive: true, force: true });
}

export function unitSandbox(options: UnitSandboxOptions): Sandbox {
  const context: Context = { ...options, watched: undefined };
  return {
    lay: async (assignment) => {
      // A root laid anew under the same number is another folder.
      letGo(context);
      await destroy(context, assignment);
    },
    put: (assignment, name, text) => putFiles(join(handoverOf(context, assignment), "files"), { [name]: text }),
    run: (desk, command) => run(context, desk, command),
    start: (assignment, environment) => start(context, assignment, environment),
    look: (assignment) => look(context, assignment),
    freeze: async (assignment) => {
      await ask(context, "freeze", assignment);
      return await look(context, assignment);
    },
    thaw: async (assignment) => void (await ask(context, "thaw", assignment)),
    killFrozen: (assignment) => killFrozen(context, assignment),
    kill: async (assignment) => void (await ask(context, "kill", assignment)),
    destroy: (assignment) => destroy(context, assignment),
    // The program is read-only there: it leaves nothing beside itself for which anybody would wait.
    awaitFile: () => Promise.resolve(),
    workFolder: (assignment) => join(rootOf(context, assignment), "work"),
    settled: () => Promise.resolve(),
  };
}
