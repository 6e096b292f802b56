// The agent's log: each line says whose machine it was, by instance, run and assignment.
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { runOf } from "../../domain/owner.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { jsonLines } from "../json-log.ts";

export interface AgentLog extends Log {
  /** Called once it is known. */
  readonly instanceIs: (id: string) => void;
  /** The record that counts from now on. */
  readonly recordIs: (record: Pick<InstanceRecord, "owner" | "assignment">) => void;
}

/** An event of an earlier assignment (its registration is removed while the next one serves) does not carry the run of the present one. */
export function agentLog(clock: Pick<Clock, "now">, write?: (line: string) => void): AgentLog {
  const always: { instance?: string; run?: string | undefined; assignment?: number } = {};
  const line = jsonLines(clock, always, write);
  return {
    event: (name, facts) => {
      const earlier = "assignment" in facts && facts.assignment !== always.assignment;
      line(name, earlier ? { run: undefined, ...facts } : facts);
    },
    instanceIs: (id) => void (always.instance = id),
    recordIs: ({ owner, assignment }) => void Object.assign(always, { run: runOf(owner)?.runId, assignment }),
  };
}
