// Just-in-time configurations that nobody is to read any more: refresh deletes them.
import type { SecretSeen } from "../../cloud/ports/secrets.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { maxima } from "../../domain/limits.ts";
import { parseJitConfigurationParameter } from "../../domain/names.ts";
import { signalRank, type InstanceRecord } from "../../domain/record.ts";
import type { ControlWorld } from "../world.ts";

type Owner = Pick<InstanceRecord, "state" | "assignment" | "owner" | "signal">;

/**
 * Whether no agent will ask for a configuration of this assignment again. Its parameter is written before the record that it is for, or
 * after the claim: one that is ahead of its record is left for as long as a machine may boot.
 */
export function isUsedUp(
  held: { readonly assignment: number; readonly writtenAt: number },
  record: Owner | undefined,
  now: number,
  bootMs: number,
): boolean {
  const late = now - held.writtenAt > bootMs;
  if (record === undefined) return late;
  if (record.state === "terminating" || record.state === "terminated") return true;
  if (record.assignment !== held.assignment) return record.assignment > held.assignment || late;
  if (record.owner === undefined) return true;
  // Registered once, or given up: an agent that is started anew goes on with the runner that is there, or with none.
  const { signal } = record;
  return signal?.assignment === held.assignment && signal.rank >= signalRank.registered;
}

/**
 * Gives the names of what was deleted, or would be; a part of very many is left to the next refresh. `held` was listed before the records were
 * read: what is then without a record has really had none.
 */
export async function sweepConfigurations(
  { secretFolder, clock, log }: Pick<ControlWorld, "secretFolder" | "clock" | "log">,
  { environment, bootMs }: Pick<Configuration, "environment" | "bootMs">,
  held: readonly SecretSeen[],
  records: readonly (Owner & Pick<InstanceRecord, "instanceId">)[],
  dryRun: boolean,
): Promise<readonly string[]> {
  const byId = new Map(records.map((record) => [record.instanceId, record]));
  const now = clock.now();
  const usedUp = held.flatMap(({ name, writtenAt }) => {
    const parsed = parseJitConfigurationParameter(environment, name);
    if (parsed === undefined) return [];
    const { instanceId, assignment } = parsed;
    return isUsedUp({ assignment, writtenAt }, byId.get(instanceId), now, bootMs) ? [name] : [];
  });
  const names = usedUp.slice(0, maxima.configurationsAtOnce);
  if (dryRun || names.length === 0) return names;
  await secretFolder.remove(names);
  log.event("configurations.deleted", { count: names.length });
  return names;
}
