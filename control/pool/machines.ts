// EC2's word on machines that show no sign of life.
import type { Fleet, MachineSeen, MachineState } from "../../cloud/ports/fleet.ts";
import { limits } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";

export interface Gone {
  /** How EC2 shows it; `unknown`: not at all, after its grace. */
  readonly by: "unknown" | Exclude<MachineState, "pending" | "running">;
  /** AWS's words on why it ended. */
  readonly reason?: string;
}

/** For people. */
export const wordsOfGone = ({ by, reason }: Gone): string =>
  by === "unknown" ? "EC2 does not know the machine" : `EC2 says ${by}${reason === undefined ? "" : `: ${reason}`}`;

/** Whether nothing of it is left: a machine that is stopped may be started again, and is paid for. */
export const hasEnded = ({ by }: Gone): boolean => by === "unknown" || by === "terminated";

/** That a machine is gone by EC2's word; undefined while it lives, or may live. An unknown one is gone only after its grace. */
export function goneOf(
  record: Pick<InstanceRecord, "instanceId" | "launchedAt">,
  seen: ReadonlyMap<string, MachineSeen>,
  now: number,
): Gone | undefined {
  const machine = seen.get(record.instanceId);
  if (machine === undefined)
    return now - record.launchedAt > limits.unknownMachineGraceMs ? { by: "unknown" } : undefined;
  const { state, reason } = machine;
  if (state === "pending" || state === "running") return undefined;
  return { by: state, ...(reason === undefined ? {} : { reason }) };
}

/** EC2's word on these; an unreachable EC2 says nothing. */
export async function lookAtMachines(
  fleet: Pick<Fleet, "describe">,
  instanceIds: readonly string[],
): Promise<ReadonlyMap<string, MachineSeen> | undefined> {
  try {
    return await fleet.describe(instanceIds);
  } catch {
    return undefined;
  }
}
