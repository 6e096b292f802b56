// Small JSON files that survive a crash at any line: written beside, flushed, renamed into place.
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

let written = 0;

/** Writes the text so that a reader sees the old or the new one, never a part. */
export async function writeAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.${++written}.new`;
  try {
    const file = await open(beside, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

export const writeJson = (path: string, value: unknown): Promise<void> => writeAtomically(path, JSON.stringify(value));

/** The text of a file; undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The beginning of a file that others write, in at most so many bytes; undefined where there is none. */
export async function readBeginning(path: string, most: number): Promise<string | undefined> {
  const file = await open(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  try {
    if (file === undefined) return undefined;
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, most)), 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file?.close();
  }
}

/** The value in a file that `writeJson` wrote; undefined where there is none, or what is there is not JSON. */
export async function readJson<Value>(path: string): Promise<Value | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}
