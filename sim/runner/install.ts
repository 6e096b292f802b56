// Installs a stand-in for actions/runner into a folder, laid out as the real one's unpacked archive.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How the stand-in's waits differ from the real runner's; milliseconds. The real values are the defaults. */
export interface RunnerStandInPace {
  /** Between attempts to register (ConfigurationManager.cs:853 and 895, GetTenantCredential: random 1–5 s, three attempts). */
  readonly registrationRetryMs?: readonly [low: number, high: number];
  /** Between attempts to create a session (BrokerMessageListener.cs:50: 30 s). */
  readonly sessionRetryMs?: number;
  /** How long a session conflict is retried before exit 5 (BrokerMessageListener.cs:51: 4 min). */
  readonly sessionConflictMs?: number;
  /** Between failed polls (BrokerMessageListener.cs:368: random 15–30 s). */
  readonly pollRetryMs?: readonly [low: number, high: number];
  /** From INT to TERM for a cancelled step, and from TERM to KILL (ProcessInvoker.cs: 7.5 s and 2.5 s). */
  readonly stepInterruptMs?: number;
  readonly stepTerminateMs?: number;
}

export interface RunnerStandInOptions {
  /** The version it says it is; 2.336.0 when absent. */
  readonly version?: string;
  /** The node that runs it, by absolute path; the installer's own when absent. */
  readonly node?: string;
  readonly pace?: RunnerStandInPace;
  /** The folder that holds its programs; this module's own when absent. */
  readonly source?: string;
}

const realPace: Required<RunnerStandInPace> = {
  registrationRetryMs: [1_000, 5_000],
  sessionRetryMs: 30_000,
  sessionConflictMs: 240_000,
  pollRetryMs: [15_000, 30_000],
  stepInterruptMs: 7_500,
  stepTerminateMs: 2_500,
};

const programs = [
  "listener.mjs",
  "worker.mjs",
  "configure.mjs",
  "command-line.mjs",
  "root.mjs",
  "wire.mjs",
  "messages.mjs",
  "steps.mjs",
];

/** Writes the runner into `targetDir` (made when absent): config.sh, run.sh, bin, externals. Each copy stands alone. */
export function installRunnerStandIn(targetDir: string, options: RunnerStandInOptions = {}): void {
  const source = options.source ?? import.meta.dirname;
  const bin = join(targetDir, "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(targetDir, "externals", "node24", "bin"), { recursive: true });
  const node = options.node ?? process.execPath;
  const place = (from: string, to: string): void => {
    writeFileSync(to, readFileSync(join(source, from), "utf8").replaceAll("@NODE@", node));
    chmodSync(to, 0o755);
  };
  place("config.sh", join(targetDir, "config.sh"));
  place("run.sh", join(targetDir, "run.sh"));
  place("run-helper.sh", join(targetDir, "run-helper.sh.template"));
  place("listener-start.sh", join(bin, "Runner.Listener"));
  for (const program of programs) copyFileSync(join(source, program), join(bin, program));
  const settings = { version: options.version ?? "2.336.0", node, ...realPace, ...options.pace };
  writeFileSync(join(bin, "stand-in.json"), `${JSON.stringify(settings, undefined, 2)}\n`);
}
