// What tests start an agent with, and its GitHub runner: a machine of the pool, with the limits as they are.
import type { AgentOptions } from "../../agent/memory.ts";
import type { EnrolmentOptions } from "../../agent/runners/github/enrolment.ts";
import { limits } from "../../domain/limits.ts";

export const agentOptions = (changes: Partial<AgentOptions> = {}): AgentOptions => ({
  agentVersion: "1.0.0",
  pooled: true,
  bootMs: limits.bootMs,
  turnMs: limits.agentTurnMs,
  onWake: () => undefined,
  ...changes,
});

export const enrolmentOptions = (
  environment: string,
  instanceId: string,
  secrets: EnrolmentOptions["secrets"],
  changes: Partial<EnrolmentOptions> = {},
): EnrolmentOptions => ({
  environment,
  account: "000000000000",
  region: "eu-west-1",
  instanceId,
  forge: { serverUrl: "https://github.test", owners: {} },
  anyRunsJobs: false,
  secrets,
  ...changes,
});
