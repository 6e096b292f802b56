// Runs one program to its end, with a time limit, its own process group, and all its output line by line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { BoundedEnd, Bounds } from "../../cloud/ports/sandbox.ts";
import { hostMaxima } from "./host-limits.ts";
import { masked } from "./masked.ts";

interface BoundedRun extends Bounds {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  /** The whole environment: nothing is inherited, so no credential of the agent reaches the program. */
  readonly environment: Readonly<Record<string, string>>;
}

/** As shells say it: 128 + the signal's number where a signal ended the program. */
export const exitCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);

/** Never rejects: a program that cannot be started has ended with 127 and says why. */
export async function runBounded(run: BoundedRun, clock: Clock): Promise<BoundedEnd> {
  const lastLines: string[] = [];
  const hear = (text: string): void => {
    const line = masked(text, run.secrets ?? []).slice(0, hostMaxima.lineLength);
    run.said?.(line);
    if (line.trim() !== "") lastLines.push(line);
    if (lastLines.length > hostMaxima.detailLines) lastLines.shift();
  };
  const child = spawn(run.command, run.arguments, {
    cwd: run.folder,
    env: run.environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new AbortController();
  let timedOut = false;
  const exited = once(child, "exit").then(
    ([code, signal]) => exitCodeOf(code as number | null, signal as NodeJS.Signals | null),
    (error: unknown) => {
      hear(String(error));
      return 127;
    },
  );
  const heard = [child.stdout, child.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: stream })) hear(line);
  });
  void clock.sleep(run.limitMs, ended.signal).then(() => {
    if (ended.signal.aborted) return;
    timedOut = true;
    killGroup(child.pid);
  });
  const code = await exited;
  ended.abort();
  // A daemon that it left may hold the pipe open for ever: what it says later is not ours.
  const enough = new AbortController();
  await Promise.race([Promise.allSettled(heard), clock.sleep(drainMs, enough.signal)]);
  enough.abort();
  child.stdout.destroy();
  child.stderr.destroy();
  return { code, timedOut, lastLines };
}

/** After its end, a program's last words are in the pipe already. */
const drainMs = 200;

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself in this moment.
  }
}
