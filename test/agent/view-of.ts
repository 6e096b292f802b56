// What an agent sees that has just started on a prepared machine with nothing to do: tests change what they are about.
import type { View } from "../../agent/decide.ts";
import { limits } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { now } from "../control/record-of.ts";

export const viewOf = (record: InstanceRecord, changes: Partial<View> = {}): View => ({
  now,
  sight: { kind: "record", record },
  known: record,
  bootedAt: now,
  before: undefined,
  bootMs: limits.bootMs,
  pooled: true,
  prepare: "prepared",
  runner: { assignment: undefined, configured: false, listener: "none", busy: false, jobs: 0 },
  oneJob: record.registration?.[0]?.kind === "jit",
  task: false,
  failure: undefined,
  said: undefined,
  interruption: undefined,
  turnMs: limits.agentTurnMs,
  ...changes,
});
