// Mistakes in what is started: the action, the CLI and the lambdas.
import { of, type Mutation } from "../mutation.ts";

export const entryMutations: readonly Mutation[] = [
  ...of(
    "entry/action/act.ts",
    ["a step that failed is green", "return (await work()) ? 0 : 1;", "return (await work(), 0);", "action/steps"],
    [
      "the token of a workflow is shown in its log",
      'if (token !== "") setSecret(token);',
      'if (token === "") setSecret(token);',
      "action/steps",
    ],
    [
      "secrets that the action reads are not masked",
      "return { ...world, secrets: masked(world.secrets) };",
      "return world;",
      "action/steps",
    ],
  ),
  ...of("entry/action/failures.ts", [
    "a missing right sends people to look for credentials that they have",
    "/Credentials|Token|UnrecognizedClient|Signature|AuthFailure/",
    "/Credentials|Token|UnrecognizedClient|Signature|AuthFailure|AccessDenied/",
    "action/action-log",
  ]),
  ...of("entry/action/give-back.ts", [
    "the post step takes away what was handed over, with its jobs",
    "return saved.committed ? undefined : saved;",
    "return saved;",
    "action/cancel",
  ]),
  ...of(
    "entry/action/inputs.ts",
    [
      "a workflow that names no usage class pays for on-demand",
      '"usage-class": { modes: provision, otherwise: requestDefaults.usageClass },',
      '"usage-class": { modes: provision, otherwise: "on-demand" },',
      "action/inputs",
    ],
    [
      "the region of configure-aws-credentials is not taken",
      'variables["AWS_REGION"] || variables["AWS_DEFAULT_REGION"]',
      'variables["AWS_DEFAULT_REGION"]',
      "action/inputs",
    ],
  ),
  ...of(
    "entry/action/masked.ts",
    ["the short lines of a key are shown", "const leastMasked = 8;", "const leastMasked = 65;", "action/steps"],
    [
      "a key that is stored with `\\\\n` for its lines is masked as one text that no line of a log is",
      "split(/\\r?\\n|\\\\n/)",
      "split(/\\r?\\n/)",
      "action/steps",
    ],
    ["tokens that are renewed are shown", "await mask(value);", "", "action/steps"],
  ),
  ...of(
    "entry/action/overlay-inputs.ts",
    [
      "instances end in the middle of their jobs: minutes are taken for seconds",
      'lay("max-runtime-min", "maxRuntimeMs", duration(60_000, "minutes", limits.longestRuntimeMs));',
      'lay("max-runtime-min", "maxRuntimeMs", duration(1000, "minutes", limits.longestRuntimeMs));',
      "action/inputs",
    ],
    [
      "each refresh of a workflow wipes what an operator laid over the environment",
      "const next: Record<string, unknown> = { ...overlay };",
      "const next: Record<string, unknown> = {};",
      "action/inputs",
    ],
  ),
  ...of(
    "entry/action/provision.ts",
    [
      "a step that is killed before its outputs are written has provisioned for nobody, and pays for it",
      "  putOut(request, ready);\n",
      "  saveState(savedState, JSON.stringify({ ...saved, committed: true })), putOut(request, ready);\n",
      "action/steps",
    ],
    [
      "a matrix over the instances' types has none",
      '"instance-types": JSON.stringify',
      '"instance-type": JSON.stringify',
      "action/steps",
    ],
    [
      "how long it took is told under a name that nobody reads",
      '"ready-ms": String',
      "readyMs: String",
      "action/steps",
    ],
    [
      "a provision that lost its runner keeps its instances: nothing was saved for the post step",
      "    saveState(savedState, JSON.stringify(saved));\n",
      "",
      "action/cancel",
    ],
    ["a provision that failed is green", "return false;", "return true;", "action/steps"],
  ),
  ...of("entry/action/refresh.ts", [
    "a dry run changes the overlay",
    "if (!dry) await world.settings.writeOverlay(overlay, seen);",
    "await world.settings.writeOverlay(overlay, seen);",
    "action/steps",
  ]),
  ...of("entry/action/release.ts", [
    "the release of a run takes the instances of its re-run",
    "attempt: runId === around.runId ? Number(around.attempt) : everyAttempt,",
    "attempt: everyAttempt,",
    "action/steps",
  ]),
  ...of("entry/action/stop-signals.ts", [
    "a job that is cancelled by SIGTERM ends without giving back",
    '["SIGINT", "SIGTERM"] as const',
    '["SIGINT"] as const',
    "action/stop-signals",
  ]),
  ...of("entry/action/action-log.ts", [
    "what an instance says is taken for a command of the runner",
    '.replaceAll("##[", "# #[")',
    '.replace("##[", "# #[")',
    "action/steps",
  ]),
  ...of("entry/agent/agent-environment.ts", [
    "an environment's further runs are not let in: the words are one",
    "words.split(/[\\s,]+/)",
    "words.split(/,/)",
    "agent/allowed-runs",
  ]),
  ...of("entry/cli/drain.ts", [
    "a drain that was to wait, and has not emptied the environment, says that it is done",
    "return wait ? exitCodes.failed : exitCodes.done;",
    "return exitCodes.done;",
    "cli/operate",
  ]),
  ...of("entry/words/durations.ts", [
    "`--since 2h` shows twelve minutes",
    '{ name: "h", ms: 3_600_000 }',
    '{ name: "h", ms: 360_000 }',
    "cli/events",
  ]),
  ...of("entry/cli/exit-codes.ts", [
    "scripts that try again when AWS is out of reach give up",
    "outOfReach: 3,",
    "outOfReach: 1,",
    "cli/usage",
  ]),
  ...of("entry/cli/interrupts.ts", [
    "a second Ctrl-C does not end a command",
    "    process.exit(exitCodes.cancelled);\n",
    "",
    "cli/provision",
  ]),
  ...of("entry/cli/refresh.ts", [
    "a refresh with problems is told as done",
    "return report.problems.length > 0 ? exitCodes.failed : exitCodes.done;",
    "return exitCodes.done;",
    "cli/release-refresh",
  ]),
  ...of("entry/cli/release.ts", [
    "a release that left instances is told as done",
    "return left.length > 0 ? exitCodes.failed : exitCodes.done;",
    "return exitCodes.done;",
    "cli/release-refresh",
  ]),
  ...of("entry/forge-credential.ts", [
    "an App of several installations asks the wrong one",
    "...(installationId === undefined ? {} : { installationId }) } as const;",
    "} as const;",
    "cli/inputs",
  ]),
  ...of(
    "entry/lambdas/refresh-metrics.ts",
    [
      "warm starts are counted cold",
      "servingWarm: serving.filter(({ assignment }) => assignment > 1).length,",
      "servingWarm: serving.filter(({ assignment }) => assignment > 0).length,",
      "stacks/refresh-metrics",
    ],
    [
      "the alarm of instances past their threshold tells of those that have ended",
      "pastThreshold: records.filter((record) => lives(record) && isPast(record, now)).length,",
      "pastThreshold: records.filter((record) => isPast(record, now)).length,",
      "stacks/refresh-metrics",
    ],
    [
      "no alarm tells of machines that no record stands for",
      'kind === "end-unrecorded" || kind === "end-overdue"',
      'kind === "end-overdue"',
      "stacks/refresh-metrics",
    ],
  ),
  ...of("entry/lambdas/refresh.lambda.ts", [
    "what came of a provision is told by every refresh",
    "if (until > from) await world.requests.tell(until);",
    "if (until < from) await world.requests.tell(until);",
    "stacks/refresh-lambda",
  ]),
  ...of(
    "entry/lambdas/run.ts",
    [
      "messages that failed are deleted",
      "return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };",
      "return { batchItemFailures: [] };",
      "lambdas/run",
    ],
    [
      "a signature is checked over other bytes than were sent",
      'Buffer.from(body, isBase64Encoded ? "base64" : "utf8")',
      'Buffer.from(body, "utf8")',
      "lambdas/run",
    ],
  ),
  ...of("entry/control-world.ts", [
    "a credential that is stored anew is of no effect while a lambda's container lives",
    'if (options.forge === "stored") forge = lazily(newForge);',
    "",
    "stacks/lambda-credential",
  ]),
  ...of("entry/refused-removals.ts", [
    "a partition is removed with its machines alive",
    "if (left.length === 0) continue;",
    "continue;",
    "stacks/removal-guard",
  ]),
];
