// Makes a registration's files in a runner's root, and removes it at GitHub. What is secret goes by environment, never by command line.
import { join } from "node:path";
import type { Registration } from "../../../domain/record.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { hostLimits } from "../../hosts/host-limits.ts";
import { runBounded, type BoundedEnd } from "../../hosts/run-bounded.ts";

export interface ConfigRun {
  readonly root: string;
  readonly commandLine: readonly string[];
  /** A token, or a just-in-time configuration. */
  readonly token: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

/** Any option of `config.sh` is read as `ACTIONS_RUNNER_INPUT_<NAME>` too (actions/runner: CommandSettings.cs). */
const runConfig = (run: ConfigRun, clock: Clock, log: Log): Promise<BoundedEnd> =>
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

/**
 * A just-in-time configuration, unpacked by the runner's own program: it writes the files before it looks for a command (Runner.cs:250-284,
 * of the fork that registration-outcome.ts names), and without one says how it is used and ends with 0 (348-352). So the listener, which runs
 * as the job's user, never has the configuration in its environment, and starts as it does after `config.sh`.
 */
const unpack = ({ root, token, environment, limitMs }: ConfigRun, clock: Clock): Promise<BoundedEnd> =>
  runBounded(
    {
      command: join(root, "bin", "Runner.Listener"),
      arguments: [],
      folder: root,
      environment: { ...environment, ACTIONS_RUNNER_INPUT_JITCONFIG: token },
      limitMs,
      secrets: [token],
    },
    clock,
  );

/** The files of a registration: made with GitHub by `config.sh`, or unpacked where they were made there. */
export const makeRegistration = (
  kind: Registration["kind"],
  run: ConfigRun,
  clock: Clock,
  log: Log,
): Promise<BoundedEnd> => (kind === "jit" ? unpack(run, clock) : runConfig(run, clock, log));

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
