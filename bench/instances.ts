// Records for the benchmark's pools: what a fleet of healthy instances leaves in the table.
import { idleInstance as anInstance } from "../sim/idle-instance.ts";
import { instanceKey } from "../domain/names.ts";
import { limits } from "../domain/limits.ts";
import type { InstanceRecord, Ownership } from "../domain/record.ts";
import { place, repository, type Environment } from "./bench-cloud.ts";

let made = 0;

/** An idle instance with a fresh heartbeat, a message in the pool, and all its idle time before it. */
export function idleInstance({ defaults }: Environment, instanceType = "m5.large"): InstanceRecord {
  const instanceId = `i-${(++made).toString(16).padStart(17, "0")}`;
  const now = Date.now();
  return anInstance(now, {
    key: instanceKey(place, instanceId),
    instanceId,
    partition: `github:${repository}`,
    instanceType,
    mmem: 8192,
    zone: "us-east-1a",
    configHash: defaults.configHash,
    threshold: now + limits.idleMs,
    wanted: "leave",
    // Agents beat all the time; these are written once, and stay fresh for as long as a slow round may take.
    heartbeatAt: now + 60_000,
    busy: false,
    agentVersion: "1.0.0",
    vitals: { listener: "none", jobs: 1, diskFree: 0.8 },
    signal: { kind: "deregistered", rank: 9, assignment: 1, at: now - 1000 },
  });
}

export const several = (count: number, make: (index: number) => InstanceRecord): readonly InstanceRecord[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Running for a run that is over, its agent alive. */
export function runningInstance(environment: Environment, ownership: Ownership): InstanceRecord {
  const idle = idleInstance(environment);
  const now = Date.now();
  return {
    ...idle,
    ...ownership,
    state: "running",
    wanted: "serve",
    assignment: 2,
    threshold: now + limits.maxRuntimeMs,
    signal: { kind: "registered", rank: 4, assignment: 2, at: now - 1000 },
  };
}
