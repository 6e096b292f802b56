// What must hold at every write of a record and at every start of a job, watched at the embedded cloud itself.
import { parseRunnerName } from "../../domain/names.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { place, type EmbeddedCloud } from "../../entry/laptop/embedded-cloud.ts";
import { writtenRecord } from "../sim/written-record.ts";

const ended = ({ state }: InstanceRecord): boolean => state === "terminating" || state === "terminated";

/** Why the step from one record to the next must not be; undefined where it may. */
export function offence(before: InstanceRecord | undefined, after: InstanceRecord): string | undefined {
  const assignment = before?.assignment ?? 0;
  const takes = before?.owner === undefined && after.owner !== undefined;
  if (after.assignment !== assignment + (takes ? 1 : 0)) return "an assignment grows with each owner, and only then";
  if (before === undefined) return undefined;
  if (after.version < before.version) return "a version never falls";
  if (before.state === "terminated" && after.state !== "terminated") return "terminated stays terminated";
  if (before.state === "terminating" && !ended(after)) return "a condemned one does not come back";
  const held = before.owner !== undefined && after.owner !== undefined;
  if (held && (before.owner !== after.owner || before.claimId !== after.claimId)) return "one owner at a time";
  const { signal } = before;
  if (after.state === "running" && before.state !== "running")
    if (signal?.kind !== "registered" || signal.assignment !== before.assignment)
      return "running only what has registered under its assignment";
  if (after.state === "idle" && before.state !== "idle" && before.owner !== undefined)
    if (signal?.kind !== "deregistered" || signal.assignment !== before.assignment)
      return "idle only what has deregistered under its assignment";
  return undefined;
}

export interface Safety {
  readonly violations: readonly string[];
  /** The most machines that were alive at once. */
  readonly mostMachines: () => number;
}

export function watchSafety(cloud: EmbeddedCloud, maxInstances: number): Safety {
  const violations: string[] = [];
  const records = new Map<string, InstanceRecord>();
  let mostMachines = 0;
  cloud.dynamodb.onChange(({ before, after }) => {
    const next = writtenRecord(after);
    if (next === undefined) return;
    const last = writtenRecord(before);
    records.set(next.instanceId, next);
    const why = offence(last, next);
    if (why !== undefined)
      violations.push(
        `${why}: ${next.instanceId} ${last?.state ?? "none"} ${last?.owner ?? "-"} -> ${next.state} ${next.owner ?? "-"}`,
      );
    if (last !== undefined) return;
    const alive = cloud.ec2.machines().filter((machine) => !/terminated|shutting-down/.test(cloud.ec2.state(machine)));
    mostMachines = Math.max(mostMachines, alive.length);
    if (alive.length > maxInstances) violations.push(`never above maxInstances: ${alive.length} of ${maxInstances}`);
  });
  cloud.github.subscribe(({ type, job, runner }) => {
    if (type !== "job.started" || job === undefined || runner === undefined) return;
    const { instanceId = "", assignment } = parseRunnerName(place, runner.name) ?? {};
    const record = records.get(instanceId);
    const owner = record?.owner ?? record?.lastOwner;
    if (record?.assignment !== assignment || owner?.split(":")[2] !== String(job.run.runId))
      violations.push(
        `a job runs only on its run's instances: job of run ${job.run.runId} on ${runner.name}, owner ${owner ?? "none"}`,
      );
  });
  return { violations, mostMachines: () => mostMachines };
}
