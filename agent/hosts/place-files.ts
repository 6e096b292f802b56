// Files of a place: what is put beside the program and taken from there, and what listener and jobs have written.
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startMark, type SandboxSeen } from "../../cloud/ports/sandbox.ts";
import { readBeginning, readEnds } from "../machine/disk-state.ts";
import { hostMaxima } from "../machine/host-limits.ts";

export async function putFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
}

/** Those that are there; no job has been near the folder. */
export async function takeFiles(folder: string, names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

interface Words extends Pick<SandboxSeen, "log" | "quietMs" | "jobs"> {
  /** A listener has been started there. */
  readonly started: boolean;
}

/** Jobs can write both: neither is read without a bound. */
export async function wordsIn(files: { readonly log: string; readonly jobs: string }): Promise<Words> {
  const [log = "", jobs = "", written] = await Promise.all([
    readEnds(files.log, hostMaxima.logBytes),
    readBeginning(files.jobs, hostMaxima.jobsBytes),
    stat(files.log).catch(() => undefined),
  ]);
  const quietMs = written === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Date.now() - written.mtimeMs);
  return { log, jobs, quietMs, started: log.includes(startMark) };
}
