// One step of the built action as the runner runs it: main as a process of its own, then post with the state that main has left.
import { spawn, type ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileCommands, type FileCommands } from "./file-commands.ts";

export interface Program {
  /** Path of the bundle's file. */
  readonly path: string;
  /** Whole environment of the process; a file of the runner's commands may be another one than its own. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface StepEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** What the log shows; annotations are lines that begin with `::`. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly exported: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface RunningStep {
  readonly child: ChildProcess;
  readonly ended: Promise<StepEnd>;
}

const folder = join(tmpdir(), `runpool-file-commands-${process.pid}`);

export function startProgram({ path, variables }: Program): RunningStep {
  const files = openFileCommands(folder);
  const child = spawn(process.execPath, [path], {
    env: { PATH: process.env["PATH"] ?? "", ...files.variables, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ended = new Promise<StepEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, log, ...readBack(files) }));
  });
  return { child, ended };
}

const readBack = (files: FileCommands) => ({
  outputs: files.read("OUTPUT"),
  state: files.read("STATE"),
  exported: files.read("ENV"),
  summary: files.summary(),
});

/** `STATE_*` for the post step. */
export const stateVariables = (state: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
