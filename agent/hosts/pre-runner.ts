// The operator's script that prepares a machine: any content, run once a boot, with a time limit and its true outcome.
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PrepareOutcome } from "../../cloud/ports/host.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { readJson, writeJson } from "../machine/disk-state.ts";
import { runBounded } from "../machine/run-bounded.ts";

export interface PreRunner {
  /** The script as the operator wrote it; empty: nothing to do. */
  readonly script: string;
  readonly stateDirectory: string;
  readonly bootId: string;
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

interface Noted {
  readonly bootId: string;
  readonly outcome?: PrepareOutcome;
}

/** Where the script starts without `#!`, bash runs it. Windows' line ends are taken off: no shell and no `#!` understands them. */
function asProgram(script: string): string {
  const text = script.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  return text.startsWith("#!") ? text : `#!/bin/bash\n${text}`;
}

/**
 * A second call gives the first outcome of this boot. A script that was cut short by the agent's death is not run again: what it
 * had done by then is not known, and a machine half prepared must not serve.
 */
export async function prepareOnce(pre: PreRunner, clock: Clock, log: Log): Promise<PrepareOutcome> {
  const note = join(pre.stateDirectory, "prepare.json");
  const noted = await readJson<Noted>(note);
  if (noted?.bootId === pre.bootId)
    return noted.outcome ?? { kind: "failed", detail: "the pre-runner script was cut short with the agent" };
  await writeJson(note, { bootId: pre.bootId } satisfies Noted);
  const outcome: PrepareOutcome = pre.script.trim() === "" ? { kind: "prepared" } : await run(pre, clock, log);
  await writeJson(note, { bootId: pre.bootId, outcome } satisfies Noted);
  return outcome;
}

async function run(pre: PreRunner, clock: Clock, log: Log): Promise<PrepareOutcome> {
  const folder = join(pre.stateDirectory, "pre-runner");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "script");
  await writeFile(file, asProgram(pre.script));
  await chmod(file, 0o700);
  const begun = clock.now();
  const end = await runBounded(
    {
      command: file,
      arguments: [],
      folder,
      environment: pre.environment,
      limitMs: pre.limitMs,
      said: (line) => log.event("pre-runner.said", { line }),
    },
    clock,
  );
  log.event("pre-runner.ended", { code: end.code, timedOut: end.timedOut, ms: clock.now() - begun });
  await rm(folder, { recursive: true, force: true });
  return outcomeOf(end.code, end.timedOut ? pre.limitMs : undefined, end.lastLines);
}

/** `limitMs` is given where the limit was reached. */
export function outcomeOf(code: number, limitMs: number | undefined, lastLines: readonly string[]): PrepareOutcome {
  if (code === 0 && limitMs === undefined) return { kind: "prepared" };
  const what =
    limitMs === undefined
      ? `the pre-runner script ended with ${code}`
      : `the pre-runner script was stopped after ${limitMs} ms`;
  return { kind: "failed", detail: [what, ...lastLines].join("\n") };
}
