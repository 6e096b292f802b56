// Mistakes in the agent.
import { of, type Mutation } from "../mutation.ts";

export const agentMutations: readonly Mutation[] = [
  ...of("agent/agent.ts", "agent/hostile-files", [
    "an unreadable file of the job ends the agent",
    'await orUnread("runner", world.runner.state())',
    "await world.runner.state()",
  ]),
  ...of(
    "agent/agent.ts",
    "agent/passing-faults",
    [
      "one hiccup of the metadata service ends the agent",
      "world.metadata.interruption().catch(() => undefined)",
      "world.metadata.interruption()",
    ],
    ["a spot notice is forgotten at the next look", "?? memory.interruption;", ";"],
    ["a job that has just begun is cleaned away", 'if (outcome === "busy") {', 'if (outcome !== "busy") {'],
  ),
  ...of("agent/agent.ts", "agent/past-threshold", [
    "a clean-up that fails is an unhandled rejection, and the machine does not power off",
    "if (assignment !== undefined) await world.runner.clean(assignment);",
    "if (assignment !== undefined) void world.runner.clean(assignment);",
  ]),
  ...of("agent/agent.ts", "agent/last-word", [
    "the host's timer ends the machine before the agent does",
    "lastMoment(view) + deadlineMarginMs",
    "lastMoment(view) - deadlineMarginMs",
  ]),
  ...of("agent/decide.ts", "agent/last-call", [
    "an idle runner whose run is nearly over takes a job that is then cut",
    "if (view.now >= lastCall(record)) return lastOf(view, record);",
    "// listens on",
  ]),
  ...of("agent/decide.ts", "control/forge-faults", [
    "GitHub's rate limit condemns a healthy machine",
    'const passing: ReadonlySet<FailureCause> = new Set(["network", "rate-limit"]);',
    "const passing: ReadonlySet<FailureCause> = new Set();",
  ]),
  ...of("agent/decide.ts", "agent/last-word", [
    "a job is cut by the default longest time, not its own",
    "begun + (known?.maxRuntimeMs ?? limits.maxRuntimeMs)",
    "begun + limits.maxRuntimeMs",
  ]),
  ...of(
    "agent/decide.ts",
    "agent/busy",
    [
      "the table is out of reach while a job runs: the job is cut at its threshold",
      "Math.max(limit, begun + (known?.maxRuntimeMs ?? limits.maxRuntimeMs))",
      "Math.min(limit, begun + (known?.maxRuntimeMs ?? limits.maxRuntimeMs))",
    ],
    [
      "words that nobody knows give a sound machine up at once",
      'new Set(["version", "refused"])',
      'new Set(["version", "refused", "other"])',
    ],
    [
      "a record that is gone ends the machine with its job",
      "if (view.known !== undefined && !view.runner.busy) return",
      "if (view.known !== undefined) return",
    ],
    [
      "a machine past its threshold lives on and is paid for",
      "if (now >= record.threshold)",
      "if (now > record.threshold + limits.maxRuntimeMs)",
    ],
    ["a registration is given up one failure early", "failure.count >= tries", "failure.count >= tries - 1"],
    [
      "a job of a listener that ended is cut by the word that its registration failed",
      "if (runner.busy) return wait(view, Math.min(record.threshold, now + limits.busyPollMs));",
      "",
    ],
    [
      "a listener that was lost ends the machine under the job that still runs",
      'case "listener-lost":',
      'case "listener-lost":\n      return { kind: "retire", record, reason: "lost" };',
    ],
  ),
  ...of(
    "agent/decide.ts",
    "agent/interruptions",
    [
      "a spot notice kills the job that could have ended in its two minutes",
      'return drained(view, record) ?? { kind: "retire"',
      'return { kind: "retire"',
    ],
    [
      "a recommendation to rebalance ends a machine that serves a run",
      "const free = record.owner === undefined &&",
      "const free = record.owner !== undefined ||",
    ],
  ),
  ...of(
    "agent/runners/github/enrolment.ts",
    "agent/foreign-server",
    [
      "runners of an organisation land in its Default group, which any repository may use",
      "const group = options.runnerGroup === undefined ? {} : { group: options.runnerGroup };",
      "const group = {};",
    ],
    [
      "a record sends the partition's token to another scope",
      'if (registration.forge !== "github" || registration.scope !== scope)',
      "if (false)",
    ],
  ),
  ...of("agent/runners/github/enrolment.ts", "agent/allowed-runs", [
    "jobs of any run are let into a run's machine",
    "options.anyRunsJobs ?",
    "!options.anyRunsJobs ?",
  ]),
  ...of("agent/registering.ts", "agent/just-in-time", [
    "a registration that failed is tried again at once, for ever",
    "limits.agentRetryMs * 2 ** (count - 1)",
    "limits.agentRetryMs * 0",
  ]),
];
