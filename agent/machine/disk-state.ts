// Small JSON files that survive a crash at any line: written beside, flushed, renamed into place.
import { mkdir, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
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

/** The whole text of a file that no job can change; undefined where there is none. Where one can: `readBeginning`, `readEnds`. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** One read of a file that others write. */
const chunkBytes = 2 ** 16;

/** Up to `most` bytes from `from` on. By reading, not by the size that the file claims: files of /proc claim none. */
async function readPart(file: FileHandle, from: number, most: number): Promise<string> {
  const parts: Buffer[] = [];
  for (let read = 0; read < most;) {
    const room = Buffer.allocUnsafe(Math.min(chunkBytes, most - read));
    const { bytesRead } = await file.read(room, 0, room.length, from + read);
    if (bytesRead === 0) break;
    parts.push(room.subarray(0, bytesRead));
    read += bytesRead;
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What `read` gives of a file that a job can change; undefined where it cannot be read, for whatever reason: a job may have caused that too. */
async function ofUntrusted(path: string, read: (file: FileHandle) => Promise<string>): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    return await read(file);
  } catch {
    return undefined;
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** The beginning of a file that a job can change, at most `most` bytes; undefined where it cannot be read. Never rejects. */
export const readBeginning = (path: string, most: number): Promise<string | undefined> =>
  ofUntrusted(path, (file) => readPart(file, 0, most));

/**
 * A file that a job can change, in at most `most` bytes: the whole of it, or where it is larger its first and its last half, on lines of
 * their own. Undefined where it cannot be read. Never rejects.
 */
export const readEnds = (path: string, most: number): Promise<string | undefined> =>
  ofUntrusted(path, async (file) => {
    const { size } = await file.stat();
    if (size <= most) return await readPart(file, 0, most);
    const half = Math.floor(most / 2);
    return `${await readPart(file, 0, half)}\n${await readPart(file, size - half, half)}`;
  });

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
