// Runs `config.sh` in a runner's root: to register, or to remove. The token goes by environment, never by command line.
import { join } from "node:path";
import type { Clock, Log } from "../ports.ts";
import { hostLimits } from "./host-limits.ts";
import { runBounded, type BoundedEnd } from "./run-bounded.ts";

export interface ConfigRun {
  readonly root: string;
  readonly commandLine: readonly string[];
  readonly token: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

/** Any option of `config.sh` is read as `ACTIONS_RUNNER_INPUT_<NAME>` too (actions/runner: CommandSettings.cs). */
export const runConfig = (run: ConfigRun, clock: Clock, log: Log): Promise<BoundedEnd> =>
  runBounded(
    {
      command: join(run.root, "config.sh"),
      arguments: run.commandLine,
      folder: run.root,
      environment: {
        ...run.environment,
        ACTIONS_RUNNER_INPUT_TOKEN: run.token,
        ACTIONS_RUNNER_INPUT_UNATTENDED: "true",
      },
      limitMs: run.limitMs,
      secrets: [run.token],
      said: (line) => void (line.trim() !== "" && log.event("runner.config-said", { line })),
    },
    clock,
  );

/** `config.sh remove`, with its outcome in the log: a registration that stays is left to refresh. */
export async function runRemoval(
  assignment: number,
  run: Omit<ConfigRun, "commandLine" | "limitMs">,
  clock: Clock,
  log: Log,
): Promise<void> {
  const end = await runConfig({ ...run, commandLine: ["remove"], limitMs: hostLimits.removeMs }, clock, log);
  if (end.code === 0) log.event("runner.removed", { assignment });
  else log.event("runner.not-removed", { assignment, code: end.code, lastLines: end.lastLines });
}
