// What tests start an agent with: a machine of the pool, with the limits as they are.
import type { AgentOptions } from "../../agent/memory.ts";
import { limits } from "../../domain/limits.ts";

export const agentOptions = (
  environment: string,
  instanceId: string,
  changes: Partial<AgentOptions> = {},
): AgentOptions => ({
  environment,
  account: "000000000000",
  region: "eu-west-1",
  instanceId,
  forge: { serverUrl: "https://github.test", owners: {} },
  agentVersion: "1.0.0",
  pooled: true,
  bootMs: limits.bootMs,
  maxRuntimeMs: limits.maxRuntimeMs,
  turnMs: limits.agentTurnMs,
  anyRunsJobs: false,
  furtherRuns: [],
  onWake: () => undefined,
  ...changes,
});
