// Mistakes in the hands of the agent: the runner's processes, its files and its host.
import { of, type Mutation } from "../mutation.ts";

export const hostMutations: readonly Mutation[] = [
  ...of("agent/machine/masked.ts", [
    "the second occurrence of a secret in a line is logged",
    'clean.replaceAll(secret, "***")',
    'clean.replace(secret, "***")',
    "agent/bounded-run",
  ]),
  ...of(
    "agent/machine/run-bounded.ts",
    [
      "what a hung config.sh has started lives on, with the token in its environment",
      'process.kill(-pid, "SIGKILL");',
      'process.kill(pid, "SIGKILL");',
      "agent/bounded-run",
    ],
    [
      "a program that was ended by its time limit counts as ended by itself",
      "timedOut = true;",
      "timedOut = false;",
      "agent/bounded-run",
    ],
  ),
  ...of("agent/hosts/process/process-sandbox.ts", [
    "on a laptop what has been thawed, and has a job by now, is killed",
    'if (listener?.stopped === false) return "thawed";',
    "",
    "contract/sandbox",
  ]),
  ...of(
    "agent/runners/github/github-runner.ts",
    [
      "a job that was just taken is killed",
      " || (quietMs < runnerLimits.takenJobMs && saysJobLast(log))",
      "",
      "agent/stop-if-idle",
    ],
    [
      "a runner that has a job stays frozen, and the job with it",
      "\n    await sandbox.thaw(assignment);\n",
      "\n",
      "agent/stop-if-idle",
    ],
    [
      "a job that an agent froze before it died stays frozen",
      "if (seen.frozen && !runner.stopping)",
      "if (seen.frozen && runner.stopping)",
      "agent/stop-if-idle",
    ],
  ),
  ...of("agent/runners/github/program.ts", [
    "a worker that is just becoming one is killed with its job",
    "processes.some(({ parent }) => listeners.has(parent))",
    "processes.some(({ parent }) => listeners.has(-parent))",
    "agent/stop-if-idle",
  ]),
  ...of(
    "agent/hosts/systemd/unit-sandbox.ts",
    [
      "a tool's word before the answer kills the job that runs",
      'words.split("\\n").at(-1);',
      'words.split("\\n").at(0);',
      "agent/stop-if-idle",
    ],
    [
      "a registration's environment loses a value with a quote",
      'replaceAll(/[\\\\"$`]/g',
      "replaceAll(/[\\\\$`]/g",
      "agent/root-words",
    ],
  ),
  ...of(
    "agent/runners/github/listener-exit.ts",
    [
      "a version that GitHub refuses is started again for ever",
      'cause: "version"',
      'cause: "network"',
      "agent/told-apart",
    ],
    ["a session conflict is hammered without a pause", "    case 5:\n", "", "agent/told-apart"],
  ),
  ...of(
    "agent/runners/github/configure-arguments.ts",
    [
      "a runner carries self-hosted and linux, and takes jobs of others",
      '  "--no-default-labels",\n',
      "",
      "agent/told-apart",
    ],
    [
      "another machine's registration of the same name is replaced",
      'replace ? ["--replace"] : []',
      '["--replace"]',
      "agent/told-apart",
    ],
  ),
  ...of("agent/runners/github/registration-outcome.ts", [
    "an error of GitHub's own condemns the machine",
    "|gatewaytimeout|5\\d\\d",
    "|gatewaytimeout",
    "agent/told-apart",
  ]),
  ...of(
    "agent/hosts/systemd/unit-host.ts",
    [
      "a pre-runner script that failed leaves a machine that serves",
      'if (code !== 0) return { kind: "failed"',
      'if (code === 0) return { kind: "failed"',
      "agent/preparation-answers",
    ],
    ["a deadline of another boot ends the machine", "boot !== options.bootId || ", "", "agent/last-word"],
  ),
  ...of("agent/hosts/pre-runner.ts", [
    "a pre-runner script is run twice in one boot",
    "if (noted?.bootId === pre.bootId)",
    'if (noted?.bootId === "")',
    "agent/process-host",
  ]),
];
