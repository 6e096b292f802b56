// The doctor on the records: instances past their threshold, damaged items, a pause that stands. Pure.
import type { LoadedSettings } from "../../../cloud/ports/settings.ts";
import { limits } from "../../../domain/limits.ts";
import type { Damaged, InstanceRecord } from "../../../domain/record.ts";
import { fail, lasting, ok, warn, type Check } from "./check.ts";

const shown = 3;
const some = (names: readonly string[]): string =>
  names.length <= shown ? names.join(", ") : `${names.slice(0, shown).join(", ")} and ${names.length - shown} more`;

/** Refresh ends what is past its threshold; what it has not found in two periods it does not find. */
export function judgeInstances(records: readonly InstanceRecord[], now: number, environment: string): Check {
  const name = "instances";
  const alive = records.filter(({ state }) => state !== "terminated");
  const late = alive.filter(({ threshold }) => now - threshold > 2 * limits.refreshMs);
  if (late.length === 0) return ok(name, `${alive.length} alive, none past its threshold for long`);
  const most = Math.max(...late.map(({ threshold }) => now - threshold));
  return fail(
    name,
    `${late.length} of ${alive.length} past their threshold by up to ${lasting(most)}: ${some(late.map(({ instanceId, state }) => `${instanceId} (${state})`))}`,
    `runpool refresh -e ${environment}, and see why the scheduled refresh does not`,
  );
}

export function judgeDamaged(damaged: readonly Damaged[], tableName: string): Check {
  const name = "items";
  const [first] = damaged;
  if (first === undefined) return ok(name, "all records can be read");
  return fail(
    name,
    `${damaged.length} damaged: ${some(damaged.map(({ key, problem }) => `${key}: ${problem}`))}`,
    `look at it, then: aws dynamodb delete-item --table-name ${tableName} --key '{"key":{"S":"${first.key}"}}'`,
  );
}

export function judgePause(paused: LoadedSettings["paused"], now: number, environment: string): Check {
  if (paused === undefined) return ok("pause", "not paused");
  const since = paused.at === 0 ? "" : ` for ${lasting(now - paused.at)}`;
  return warn("pause", `provisioning is paused${since}: ${paused.reason}`, `runpool resume -e ${environment}`);
}
