// A healthy instance that is idle, as a fleet leaves it in the table: who needs another one changes what it is about.
import { recordSchema, type InstanceRecord, type Machine } from "../domain/record.ts";

const minute = 60_000;

export const someMachine: Machine = {
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
  configHash: "1",
  launchedAt: 0,
};

/** With a fresh heartbeat. */
export const idleInstance = (now: number, changes: Partial<InstanceRecord> = {}): InstanceRecord => ({
  ...someMachine,
  launchedAt: now - 30 * minute,
  schema: recordSchema,
  state: "idle",
  version: 5,
  assignment: 1,
  threshold: now + 5 * minute,
  wanted: "serve",
  uses: 1,
  heartbeatAt: now - 1000,
  ...changes,
});
