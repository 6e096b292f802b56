// The processes of this machine: from /proc on Linux, from `ps` elsewhere.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { readBeginning } from "../../machine/disk-state.ts";
import { hostMaxima } from "../../machine/host-limits.ts";

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Together with the pid it names a process for ever: its start in clock ticks since boot (elsewhere: `ps`'s date). */
  readonly start: string;
  readonly stopped: boolean;
  readonly zombie: boolean;
  readonly name: string;
}

/** A line of proc(5)'s `stat`: the name may hold blanks and brackets, so the fields are counted from its last bracket. */
export function parseStat(text: string): Process | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < 0) return undefined;
  const fields = text.slice(close + 2).split(" ");
  const [state, parent, , session] = fields;
  return {
    pid: Number(text.slice(0, open)),
    parent: Number(parent),
    session: Number(session),
    start: fields[19] ?? "",
    stopped: state === "T" || state === "t",
    zombie: state === "Z" || state === "X",
    name: text.slice(open + 1, close),
  };
}

const linux = process.platform === "linux";

/** Every process now; one that ends meanwhile is left out. */
export async function processes(): Promise<readonly Process[]> {
  if (!linux) return await processesByPs();
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(pids.map(async (pid) => readProcess(Number(pid))));
  return found.filter((each) => each !== undefined);
}

/** One process; undefined when it has ended. */
export async function readProcess(pid: number): Promise<Process | undefined> {
  if (!linux) return (await processesByPs()).find((each) => each.pid === pid);
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return parseStat(text);
}

const ps = promisify(execFile);
async function processesByPs(): Promise<readonly Process[]> {
  const { stdout } = await ps("ps", ["-A", "-o", "pid=,ppid=,pgid=,state=,lstart=,comm="]);
  return stdout.split("\n").flatMap((line) => {
    const fields = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+ +\S+ +\S+ +\S+ +\S+)\s+(.*)$/.exec(line);
    if (fields === null) return [];
    const [, pid, parent, group, state = "", start = "", command = ""] = fields;
    const name = command.slice(command.lastIndexOf("/") + 1);
    const stopped = state.startsWith("T");
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        session: Number(group),
        start,
        stopped,
        zombie: state.startsWith("Z"),
        name,
      },
    ];
  });
}

/** Whether `NAME=value` stands in the environment the process was started with; false where that cannot be read. */
export async function hasInEnvironment(pid: number, entry: string): Promise<boolean> {
  const text = (await readBeginning(`/proc/${pid}/environ`, hostMaxima.environmentBytes)) ?? "";
  return text.split("\0").includes(entry);
}

/** The first words of its command line; empty where they cannot be read. It may have made it any length (prctl(2), PR_SET_MM_MAP). */
export async function commandLine(pid: number): Promise<readonly string[]> {
  const text = (await readBeginning(`/proc/${pid}/cmdline`, hostMaxima.commandLineBytes)) ?? "";
  return text.split("\0").slice(0, -1);
}

/** Sends a signal; false when the process has ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** The processes that it has brought forth and that live; by all its threads, since each has its own list (proc(5)). */
export async function childrenOf(pid: number): Promise<readonly Process[]> {
  if (!linux) return (await processesByPs()).filter((each) => each.parent === pid && !each.zombie);
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  const pids = lists.join(" ").split(" ").filter(Boolean).map(Number);
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((each) => each !== undefined).filter(({ zombie }) => !zombie);
}
