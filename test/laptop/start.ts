// The laptop as a person starts it: `entry/laptop/laptop.ts` as a process of its own, in a temporary folder of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { compileCache } from "../compile-cache.ts";

const program = join(import.meta.dirname, "..", "..", "entry", "laptop", "laptop.ts");
const started: Laptop[] = [];

/** Also after a test that failed half way. */
afterEach(async () => {
  for (const { child, ended, folder } of started.splice(0)) {
    if (child.exitCode === null) child.kill("SIGINT");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});

export interface Laptop {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
  /** Resolves with the first line of stdout or stderr that contains the text; rejects with all of them, should it end first. */
  said(text: string): Promise<string>;
  /** What it has said on stderr so far. */
  err(): string;
}

/** Its temporary folder is the test's own, so that what it leaves can be seen. */
export const start = (...options: string[]): Promise<Laptop> => startWith({}, ...options);

/** With other variables. */
export async function startWith(variables: Readonly<Record<string, string>>, ...options: string[]): Promise<Laptop> {
  const folder = await mkdtemp(join(tmpdir(), "laptop-test-"));
  const child = spawn(process.execPath, [program, ...options], {
    env: { ...process.env, ...compileCache, TMPDIR: folder, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    for (const listener of listeners) listener();
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, out, err })),
  );
  const said = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      void ended.then(({ code }) => reject(new Error(`it ended with ${code} before "${text}":\n${out}${err}`)));
      const look = (): void => {
        const line = `${out}\n${err}`.split("\n").find((one) => one.includes(text));
        if (line === undefined) return;
        listeners.delete(look);
        resolve(line);
      };
      listeners.add(look);
      look();
    });
  const laptop = { child, folder, ended, said, err: () => err };
  started.push(laptop);
  return laptop;
}
