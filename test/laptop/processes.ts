// Processes and their memory as Linux shows them; elsewhere there is nothing to be seen.
import { readdir, readFile } from "node:fs/promises";

const pids = async (): Promise<readonly string[]> =>
  (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));

/** Command lines of the processes whose environment or command line names the folder. */
export const processesNaming = async (folder: string): Promise<readonly string[]> =>
  (await naming(folder)).map(({ commandLine }) => commandLine.replaceAll("\0", " "));

async function naming(folder: string) {
  const found: { readonly pid: string; readonly commandLine: string }[] = [];
  for (const pid of await pids()) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (environment.includes(folder) || commandLine.includes(folder)) found.push({ pid, commandLine });
  }
  return found;
}

export interface Memory {
  /** Proportional share of all processes, MiB. */
  wholeMib: number;
  /** Resident size of the largest agent, MiB. */
  agentMib: number;
}

export async function laptopMemory(folder: string): Promise<Memory> {
  const memory: Memory = { wholeMib: 0, agentMib: 0 };
  for (const { pid, commandLine } of await naming(folder)) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
    const kib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(rollup)?.[1] ?? 0);
    memory.wholeMib += kib("Pss") / 1024;
    if (commandLine.includes("agent.mjs")) memory.agentMib = Math.max(memory.agentMib, kib("Rss") / 1024);
  }
  return memory;
}
