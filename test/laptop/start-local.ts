// `runpool local` from its source, as `npm start` runs it: a child process with a temporary folder of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { hear, type Heard } from "../child.ts";
import { compileCache } from "../compile-cache.ts";

const program = join(import.meta.dirname, "..", "..", "entry", "cli", "cli.ts");
const started: Laptop[] = [];

/** Also after a test that failed half way. */
afterEach(async () => {
  for (const { child, ended, folder } of started.splice(0)) {
    if (child.exitCode === null) child.kill("SIGINT");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});

export interface Laptop extends Heard {
  readonly child: ChildProcess;
  /** Its temporary folder, to see what it leaves there. */
  readonly folder: string;
}

export const start = (...options: string[]): Promise<Laptop> => startWith({}, ...options);

export async function startWith(variables: Readonly<Record<string, string>>, ...options: string[]): Promise<Laptop> {
  const folder = await mkdtemp(join(tmpdir(), "laptop-test-"));
  const child = spawn(process.execPath, [program, "local", ...options], {
    env: { ...process.env, ...compileCache, TMPDIR: folder, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const laptop = { child, folder, ...hear(child) };
  started.push(laptop);
  return laptop;
}
