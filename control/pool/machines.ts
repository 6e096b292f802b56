// EC2's word on machines that show no sign of life.
import type { Fleet, MachineSeen } from "../../cloud/ports/fleet.ts";
import { limits } from "../../domain/limits.ts";
import type { Gone } from "../../domain/reasons.ts";
import type { InstanceRecord } from "../../domain/record.ts";

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
    return now - record.launchedAt > limits.unknownMachineGraceMs ? { code: "gone", by: "unknown" } : undefined;
  const { state, reason } = machine;
  if (state === "pending" || state === "running") return undefined;
  return { code: "gone", by: state, ...(reason === undefined ? {} : { reason }) };
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
