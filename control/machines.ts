// EC2's word on machines that show no sign of life.
import type { Fleet, MachineSeen } from "../cloud/ports.ts";
import { limits } from "../domain/limits.ts";
import type { InstanceRecord } from "../domain/record.ts";

/** Why a machine is gone by EC2's word; undefined while it lives, or may live. An unknown one is gone only after its grace. */
export function goneOf(
  record: Pick<InstanceRecord, "instanceId" | "launchedAt">,
  seen: ReadonlyMap<string, MachineSeen>,
  now: number,
): string | undefined {
  const machine = seen.get(record.instanceId);
  if (machine === undefined)
    return now - record.launchedAt > limits.unknownMachineGraceMs ? "EC2 does not know the machine" : undefined;
  if (machine.state === "pending" || machine.state === "running") return undefined;
  return `EC2 says ${machine.state}${machine.reason === undefined ? "" : `: ${machine.reason}`}`;
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
