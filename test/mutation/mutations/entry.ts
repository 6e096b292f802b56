// Mistakes in what is started: the action, the CLI and the lambdas.
import { of, type Mutation } from "../mutation.ts";

export const entryMutations: readonly Mutation[] = [
  ...of(
    "entry/action/act.ts",
    "action/steps",
    ["a step that failed is green", "return (await work()) ? 0 : 1;", "return (await work(), 0);"],
    [
      "the token of a workflow is shown in its log",
      'if (token !== "") setSecret(token);',
      'if (token === "") setSecret(token);',
    ],
    [
      "secrets that the action reads are not masked",
      "return { ...world, secrets: masked(world.secrets) };",
      "return world;",
    ],
  ),
  ...of("entry/action/failures.ts", "action/action-log", [
    "a missing right sends people to look for credentials that they have",
    "/Credentials|Token|UnrecognizedClient|Signature|AuthFailure/",
    "/Credentials|Token|UnrecognizedClient|Signature|AuthFailure|AccessDenied/",
  ]),
  ...of("entry/action/give-back.ts", "action/cancel", [
    "the post step takes away what was handed over, with its jobs",
    "return saved.committed ? undefined : saved;",
    "return saved;",
  ]),
  ...of("entry/request-inputs.ts", "action/inputs", [
    "a provision that names no usage class pays for on-demand, whatever its class says",
    "raw.usageClass || classOf(configuration, raw.resourceClass).usageClass",
    'raw.usageClass || "on-demand"',
  ]),
  ...of("entry/action/inputs.ts", "action/inputs", [
    "the region of configure-aws-credentials is not taken",
    'variables: ["AWS_REGION", "AWS_DEFAULT_REGION"]',
    'variables: ["AWS_DEFAULT_REGION"]',
  ]),
  ...of(
    "entry/action/masked.ts",
    "action/steps",
    ["the short lines of a key are shown", "const leastMasked = 8;", "const leastMasked = 65;"],
    [
      "a key that is stored with `\\\\n` for its lines is masked as one text that no line of a log is",
      "split(/\\r?\\n|\\\\n/)",
      "split(/\\r?\\n/)",
    ],
    ["tokens that are renewed are shown", "await mask(value);", ""],
  ),
  ...of(
    "entry/action/overlay-inputs.ts",
    "action/inputs",
    [
      "instances end in the middle of their jobs: minutes are taken for seconds",
      'lay("max-runtime-min", "maxRuntimeMs", duration(60_000, "minutes", limits.longestRuntimeMs));',
      'lay("max-runtime-min", "maxRuntimeMs", duration(1000, "minutes", limits.longestRuntimeMs));',
    ],
    [
      "each refresh of a workflow wipes what an operator laid over the environment",
      "const next: Record<string, unknown> = { ...overlay };",
      "const next: Record<string, unknown> = {};",
    ],
  ),
  ...of(
    "entry/action/provision.ts",
    "action/steps",
    [
      "a step that is killed before its outputs are written has provisioned for nobody, and pays for it",
      "  putOut(request, ready);\n",
      "  saveState(savedState, JSON.stringify({ ...saved, committed: true })), putOut(request, ready);\n",
    ],
    [
      "a matrix over the instances' types has none",
      '"instance-types": JSON.stringify',
      '"instance-type": JSON.stringify',
    ],
    ["how long it took is told under a name that nobody reads", '"ready-ms": String', "readyMs: String"],
    ["a provision that failed is green", "return false;", "return true;"],
  ),
  ...of("entry/action/provision.ts", "action/cancel", [
    "a provision that lost its runner keeps its instances: nothing was saved for the post step",
    "    saveState(savedState, JSON.stringify(saved));\n",
    "",
  ]),
  ...of("entry/action/refresh.ts", "action/steps", [
    "a dry run changes the overlay",
    "if (!dry) await world.settings.writeOverlay(overlay, seen);",
    "await world.settings.writeOverlay(overlay, seen);",
  ]),
  ...of("entry/action/release.ts", "action/steps", [
    "the release of a run takes the instances of its re-run",
    "attempt: runId === run.runId ? Number(run.attempt) : everyAttempt,",
    "attempt: everyAttempt,",
  ]),
  ...of("entry/action/stop-signals.ts", "action/stop-signals", [
    "a job that is cancelled by SIGTERM ends without giving back",
    '["SIGINT", "SIGTERM"] as const',
    '["SIGINT"] as const',
  ]),
  ...of("entry/action/action-log.ts", "action/steps", [
    "what an instance says is taken for a command of the runner",
    '.replaceAll("##[", "# #[")',
    '.replace("##[", "# #[")',
  ]),
  ...of("entry/agent/agent-environment.ts", "agent/allowed-runs", [
    "an environment's further runs are not let in: the words are one",
    "words.split(/[\\s,]+/)",
    "words.split(/,/)",
  ]),
  ...of("entry/cli/drain.ts", "cli/operate", [
    "a drain that was to wait, and has not emptied the environment, says that it is done",
    "return wait ? exitCodes.failed : exitCodes.done;",
    "return exitCodes.done;",
  ]),
  ...of("entry/words/durations.ts", "cli/events", [
    "`--since 2h` shows twelve minutes",
    '{ name: "h", ms: 3_600_000 }',
    '{ name: "h", ms: 360_000 }',
  ]),
  ...of("entry/cli/exit-codes.ts", "cli/usage", [
    "scripts that try again when AWS is out of reach give up",
    "outOfReach: 3,",
    "outOfReach: 1,",
  ]),
  ...of("entry/cli/interrupts.ts", "cli/provision", [
    "a second Ctrl-C does not end a command",
    "    process.exit(exitCodes.cancelled);\n",
    "",
  ]),
  ...of("entry/cli/refresh.ts", "cli/release-refresh", [
    "a refresh with problems is told as done",
    "return report.problems.length > 0 ? exitCodes.failed : exitCodes.done;",
    "return exitCodes.done;",
  ]),
  ...of("entry/cli/release.ts", "cli/release-refresh", [
    "a release that left instances is told as done",
    "return left.length > 0 ? exitCodes.failed : exitCodes.done;",
    "return exitCodes.done;",
  ]),
  ...of("entry/forge-credential.ts", "cli/inputs", [
    "an App of several installations asks the wrong one",
    "...(installationId === undefined ? {} : { installationId }) } as const;",
    "} as const;",
  ]),
  ...of(
    "entry/lambdas/refresh-metrics.ts",
    "stacks/refresh-metrics",
    [
      "warm starts are counted cold",
      "servingWarm: serving.filter(({ assignment }) => assignment > 1).length,",
      "servingWarm: serving.filter(({ assignment }) => assignment > 0).length,",
    ],
    [
      "the alarm of instances past their threshold tells of those that have ended",
      "pastThreshold: records.filter((record) => lives(record) && isPast(record, now)).length,",
      "pastThreshold: records.filter((record) => isPast(record, now)).length,",
    ],
    [
      "no alarm tells of machines that no record stands for",
      'kind === "end-unrecorded" || kind === "end-overdue"',
      'kind === "end-overdue"',
    ],
  ),
  ...of("entry/lambdas/refresh.lambda.ts", "stacks/refresh-lambda", [
    "what came of a provision is told by every refresh",
    "if (until > from) await world.requests.markReported(until);",
    "if (until < from) await world.requests.markReported(until);",
  ]),
  ...of(
    "entry/lambdas/run.ts",
    "lambdas/run",
    [
      "messages that failed are deleted",
      "return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };",
      "return { batchItemFailures: [] };",
    ],
    [
      "a signature is checked over other bytes than were sent",
      'Buffer.from(body, isBase64Encoded ? "base64" : "utf8")',
      'Buffer.from(body, "utf8")',
    ],
  ),
  ...of("entry/control-world.ts", "stacks/lambda-credential", [
    "a credential that is stored anew is of no effect while a lambda's container lives",
    'if (options.forge === "stored") forge = lazily(newForge);',
    "",
  ]),
  ...of("entry/refused-removals.ts", "stacks/removal-guard", [
    "a partition is removed with its machines alive",
    "if (left.length === 0) continue;",
    "continue;",
  ]),
];
