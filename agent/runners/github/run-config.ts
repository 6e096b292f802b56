// Makes a registration's files, and removes it at GitHub: by the runner's own programs. What is secret goes by environment, never by command line.
import type { CommandEnd, Sandbox } from "../../../cloud/ports/sandbox.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { runnerLimits } from "./runner-limits.ts";

/** What `config.sh` writes, and what says who the runner is at GitHub. */
const registrationFiles = [".runner", ".credentials", ".credentials_rsaparams"] as const;
/** Their texts, by name. */
export type RegistrationFiles = Readonly<Record<string, string>>;

/** Of every program of the runner: it refuses to be run by root unless it is told otherwise, as containers run it. */
export const ownEnvironment = (): Readonly<Record<string, string>> =>
  process.getuid?.() === 0 ? { RUNNER_ALLOW_RUNASROOT: "1" } : {};

const configBy = (token: string, log: Log) => ({
  program: "config.sh",
  // Any option of `config.sh` is read as `ACTIONS_RUNNER_INPUT_<NAME>` too (actions/runner: CommandSettings.cs).
  environment: { ...ownEnvironment(), ACTIONS_RUNNER_INPUT_TOKEN: token, ACTIONS_RUNNER_INPUT_UNATTENDED: "true" },
  secrets: [token],
  said: (line: string) => void (line.trim() !== "" && log.event("runner.config-said", { line })),
});

/** `config.sh` with a registration token. */
export const configure = (
  sandbox: Sandbox,
  commandLine: readonly string[],
  token: string,
  log: Log,
): Promise<CommandEnd> =>
  sandbox.run("register", {
    ...configBy(token, log),
    arguments: commandLine,
    limitMs: runnerLimits.configureMs,
    results: registrationFiles,
  });

/**
 * A just-in-time configuration, unpacked by the runner's own program: it writes the files before it looks for a command (Runner.cs:250-284,
 * of the fork that registration-outcome.ts names), and without one says how it is used and ends with 0 (348-352). So the listener, which runs
 * as the job's user, never has the configuration in its environment, and starts as it does after `config.sh`.
 */
export const unpack = (sandbox: Sandbox, configuration: string): Promise<CommandEnd> =>
  sandbox.run("register", {
    program: "bin/Runner.Listener",
    arguments: [],
    environment: { ...ownEnvironment(), ACTIONS_RUNNER_INPUT_JITCONFIG: configuration },
    limitMs: runnerLimits.configureMs,
    secrets: [configuration],
    results: registrationFiles,
  });

/**
 * `config.sh remove`, with its outcome in the log: a registration that stays is left to refresh. It acts on whatever `.runner` it finds and
 * sends the token where that says: so it gets the files as they were before the first job.
 */
export async function remove(
  sandbox: Sandbox,
  assignment: number,
  files: RegistrationFiles,
  token: string,
  log: Log,
): Promise<void> {
  const command = { ...configBy(token, log), arguments: ["remove"], limitMs: runnerLimits.removeMs, files };
  const end = await sandbox.run("remove", command);
  if (end.code === 0) log.event("runner.removed", { assignment });
  else log.event("runner.not-removed", { assignment, code: end.code, lastLines: end.lastLines });
}
