// Mistakes in the hands of the agent: the runner's processes, its files and its host.
import { of, type Mutation } from "../mutation.ts";

export const hostMutations: readonly Mutation[] = [
  ...of("agent/machine/masked.ts", "agent/bounded-run", [
    "the second occurrence of a secret in a line is logged",
    'clean.replaceAll(secret, "***")',
    'clean.replace(secret, "***")',
  ]),
  ...of(
    "agent/machine/run-bounded.ts",
    "agent/bounded-run",
    [
      "what a hung config.sh has started lives on, with the token in its environment",
      'process.kill(-pid, "SIGKILL");',
      'process.kill(pid, "SIGKILL");',
    ],
    ["a program that was ended by its time limit counts as ended by itself", "timedOut = true;", "timedOut = false;"],
  ),
  ...of("agent/hosts/process/process-sandbox.ts", "contract/sandbox", [
    "on a laptop what has been thawed, and has a job by now, is killed",
    'if (listener?.stopped === false) return "thawed";',
    "",
  ]),
  ...of(
    "agent/runners/github/github-runner.ts",
    "agent/stop-if-idle",
    ["a job that was just taken is killed", " || (quietMs < runnerLimits.takenJobMs && saysJobLast(log))", ""],
    ["a runner that has a job stays frozen, and the job with it", "\n    await sandbox.thaw(assignment);\n", "\n"],
    [
      "a job that an agent froze before it died stays frozen",
      "if (seen.frozen && !runner.stopping)",
      "if (seen.frozen && runner.stopping)",
    ],
  ),
  ...of("agent/runners/github/program.ts", "agent/stop-if-idle", [
    "a worker that is just becoming one is killed with its job",
    "processes.some(({ parent }) => listeners.has(parent))",
    "processes.some(({ parent }) => listeners.has(-parent))",
  ]),
  ...of("agent/hosts/systemd/unit-sandbox.ts", "agent/stop-if-idle", [
    "a tool's word before the answer kills the job that runs",
    'words.split("\\n").at(-1);',
    'words.split("\\n").at(0);',
  ]),
  ...of("agent/hosts/systemd/unit-sandbox.ts", "agent/root-words", [
    "a registration's environment loses a value with a quote",
    'replaceAll(/[\\\\"$`]/g',
    "replaceAll(/[\\\\$`]/g",
  ]),
  ...of(
    "agent/runners/github/listener-exit.ts",
    "agent/told-apart",
    ["a version that GitHub refuses is started again for ever", 'cause: "version"', 'cause: "network"'],
    ["a session conflict is hammered without a pause", "    case 5:\n", ""],
  ),
  ...of(
    "agent/runners/github/configure-arguments.ts",
    "agent/told-apart",
    ["a runner carries self-hosted and linux, and takes jobs of others", '  "--no-default-labels",\n', ""],
    ["another machine's registration of the same name is replaced", 'replace ? ["--replace"] : []', '["--replace"]'],
  ),
  ...of("agent/runners/github/registration-outcome.ts", "agent/told-apart", [
    "an error of GitHub's own condemns the machine",
    "|gatewaytimeout|5\\d\\d",
    "|gatewaytimeout",
  ]),
  ...of("agent/hosts/systemd/unit-host.ts", "agent/preparation-answers", [
    "a pre-runner script that failed leaves a machine that serves",
    'if (code !== 0) return { kind: "failed"',
    'if (code === 0) return { kind: "failed"',
  ]),
  ...of("agent/hosts/systemd/unit-host.ts", "agent/last-word", [
    "a deadline of another boot ends the machine",
    "boot !== options.bootId || ",
    "",
  ]),
  ...of("agent/hosts/pre-runner.ts", "agent/process-host", [
    "a pre-runner script is run twice in one boot",
    "if (noted?.bootId === pre.bootId)",
    'if (noted?.bootId === "")',
  ]),
];
