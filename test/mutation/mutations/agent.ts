// Mistakes in the agent.
import { of, type Mutation } from "../mutation.ts";

export const agentMutations: readonly Mutation[] = [
  ...of("agent/agent.ts", [
    "an unreadable file of the job ends the agent",
    'await orUnread("runner", world.runner.state())',
    "await world.runner.state()",
    "agent/hostile-files",
  ]),
  ...of(
    "agent/decide.ts",
    [
      "an idle runner whose run is nearly over takes a job that is then cut",
      "if (view.now >= lastCall(record)) return lastOf(view, record);",
      "// listens on",
      "agent/last-call",
    ],
    [
      "GitHub's rate limit condemns a healthy machine",
      'const passing: ReadonlySet<string> = new Set(["network", "rate-limit"]);',
      "const passing: ReadonlySet<string> = new Set();",
      "control/forge-faults",
    ],
    [
      "a job is cut by the default longest time, not its own",
      "begun + (known?.maxRuntimeMs ?? maxRuntimeMs)",
      "begun + maxRuntimeMs",
      "agent/last-word",
    ],
  ),
  ...of("agent/registering.ts", [
    "a configuration of another server is registered",
    "if (registration.url !== url)",
    "if (false)",
    "agent/foreign-server",
  ]),
];
