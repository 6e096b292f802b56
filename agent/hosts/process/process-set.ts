// All processes of one runner, wherever they have wandered: frozen as a whole, looked at, killed as a whole.
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { SandboxProcess } from "../../../cloud/ports/sandbox.ts";
import { hostLimits, hostMaxima } from "../../machine/host-limits.ts";
import { commandLine, hasInEnvironment, processes, signalProcess, type Process } from "./process-table.ts";

/** The variable that marks a runner's processes: its value is the runner's folder. */
export const markVariable = "RUNPOOL_RUNNER";

/**
 * The living processes of the runner in `folder`: those that carry its mark, their whole sessions, and all their
 * descendants. A process that cleared its environment, left its session, and lost its parent is not found: without a cgroup nothing
 * can find it. On real machines the cgroup does.
 */
export async function processesOf(folder: string): Promise<readonly Process[]> {
  const all = (await processes()).filter((each) => each.pid !== process.pid && !each.zombie);
  const mark = `${markVariable}=${folder}`;
  const marked = await Promise.all(all.map(({ pid }) => hasInEnvironment(pid, mark)));
  const own = new Set(all.filter((_each, index) => marked[index]).map(({ pid }) => pid));
  const sessions = new Set(all.filter(({ pid }) => own.has(pid)).map(({ session }) => session));
  sessions.delete(0);
  const ours = all.find(({ pid }) => pid === process.pid)?.session;
  if (ours !== undefined) sessions.delete(ours);
  for (const each of all) if (sessions.has(each.session)) own.add(each.pid);
  for (let grown = true; grown;) {
    const before = own.size;
    for (const each of all) if (own.has(each.parent)) own.add(each.pid);
    grown = own.size > before;
  }
  return all.filter(({ pid }) => own.has(pid));
}

/** Its own name, and the program that its command line begins with, or the script that an interpreter is given. */
async function namesOf({ name, pid }: Process): Promise<readonly string[]> {
  const words = (await commandLine(pid)).slice(0, 2);
  return [name, ...words.map((word) => word.slice(word.lastIndexOf("/") + 1))];
}

export async function findNamed(set: readonly Process[], name: string): Promise<Process | undefined> {
  const names = await Promise.all(set.map(namesOf));
  return set[names.findIndex((each) => each.includes(name))];
}

/** As the port tells of them. */
export const seenAs = (set: readonly Process[]): Promise<readonly SandboxProcess[]> =>
  Promise.all(set.map(async (each) => ({ pid: each.pid, parent: each.parent, names: await namesOf(each) })));

/** Stops every process until no new one appears and all stand still; gives the set back as it stands. */
export async function freeze(folder: string, clock: Clock): Promise<readonly Process[]> {
  let set: readonly Process[] = [];
  for (let round = 0; round < hostMaxima.freezeRounds; round++) {
    const seen = await processesOf(folder);
    const same = seen.length === set.length && seen.every((each, index) => each.pid === set[index]?.pid);
    set = seen;
    if (same && seen.every(({ stopped }) => stopped)) break;
    for (const { pid, stopped } of seen) if (!stopped) signalProcess(pid, "SIGSTOP");
    await clock.sleep(hostLimits.settlePollMs);
  }
  return set;
}

export function thaw(set: readonly Process[]): void {
  for (const { pid } of set) signalProcess(pid, "SIGCONT");
}

/** Kills until nothing is left; gives back what could not be killed within `hostLimits.killMs`. */
export async function killAll(folder: string, clock: Clock): Promise<readonly Process[]> {
  const until = clock.now() + hostLimits.killMs;
  for (;;) {
    const left = await processesOf(folder);
    if (left.length === 0 || clock.now() >= until) return left;
    for (const { pid } of left) signalProcess(pid, "SIGKILL");
    await clock.sleep(hostLimits.settlePollMs);
  }
}
