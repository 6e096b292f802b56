// One assignment's folder: the runner's root with the distribution in it, a HOME, a TMPDIR, and what is kept about the runner.
import { constants } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface RunnerFolders {
  readonly whole: string;
  /** The runner's root: `bin`, `externals`, `config.sh`, `.runner`, `.credentials*`, `_diag`. */
  readonly root: string;
  readonly home: string;
  readonly temporary: string;
  readonly work: string;
  /** Everything that the listener has said. */
  readonly log: string;
  /** What the job hooks have written down, a line an event. */
  readonly jobs: string;
}

export const foldersOf = (whole: string): RunnerFolders => ({
  whole,
  root: join(whole, "runner"),
  home: join(whole, "home"),
  temporary: join(whole, "tmp"),
  work: join(whole, "work"),
  log: join(whole, "listener.log"),
  jobs: join(whole, "jobs"),
});

/** What `config.sh` writes, and what says who the runner is at GitHub. */
export const registrationFiles = [".runner", ".credentials", ".credentials_rsaparams"] as const;

/**
 * Makes the root afresh from an unpacked distribution. `bin` is copied (the runner resolves links, and takes the folder above its
 * binary for its root), `externals` is linked: nothing looks for its root from there.
 */
export async function layRoot(distribution: string, folders: RunnerFolders, path: string): Promise<void> {
  await rm(folders.whole, { recursive: true, force: true });
  for (const folder of [folders.root, folders.home, folders.temporary, folders.work])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(distribution, { withFileTypes: true })) {
    const from = join(distribution, entry.name);
    const to = join(folders.root, entry.name);
    if (entry.name === "bin") await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
    else if (entry.isDirectory()) await symlink(from, to);
    else if (!entry.name.startsWith(".")) await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
  await writeFile(join(folders.root, ".env"), "");
  await writeFile(join(folders.root, ".path"), path);
  await writeFile(folders.jobs, "");
}

/** Copies the registration's files as they are now, before any job could have changed them. */
export async function saveRegistration(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of registrationFiles) {
    const there = await stat(join(from, name)).catch(() => undefined);
    if (there === undefined) continue;
    await copyFile(join(from, name), join(to, name));
    await chmod(join(to, name), 0o600);
  }
}
