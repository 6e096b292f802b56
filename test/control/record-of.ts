// A healthy record of the given kind, for tests that change one thing of it.
import type { Configuration } from "../../domain/configuration.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import { furnished } from "../../cloud/sim/world/world.ts";

export const now = Date.UTC(2026, 0, 5, 12);
const minute = 60_000;

export const configuration: Configuration = furnished();

export function recordOf(changes: Partial<InstanceRecord> & { said?: SignalKind } = {}): InstanceRecord {
  const { said, ...rest } = changes;
  const assignment = rest.assignment ?? 1;
  return {
    key: "arn:aws:ec2:eu-west-1:000000000000:instance/i-0123456789abcdef0",
    instanceId: "i-0123456789abcdef0",
    partition: "github:acme/shop",
    resourceClass: "large",
    architecture: "x64",
    usageClass: "on-demand",
    instanceType: "c6i.large",
    cpu: 2,
    mmem: 4096,
    zone: "eu-west-1a",
    imageId: "ami-1",
    templateVersion: "1",
    configHash: configuration.configHash,
    launchedAt: now - 30 * minute,
    schema: 1,
    state: "idle",
    version: 5,
    assignment,
    threshold: now + 5 * minute,
    wanted: "serve",
    uses: 1,
    heartbeatAt: now - 1000,
    ...(said === undefined ? {} : { signal: signalOf(said, assignment, now - 2000) }),
    ...rest,
  };
}

/** What an owned record has beside. */
export const owned = {
  owner: "github:run:7:1:ci",
  runId: "7",
  attempt: 1,
  provisionId: "ci",
  claimId: "mine",
} as const;
