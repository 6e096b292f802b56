// The pool message: a hint that an instance is idle. The record is the truth.
import type { Architecture, InstanceRecord, UsageClass } from "./record.ts";

export interface PoolMessage {
  readonly key: string;
  readonly instanceId: string;
  readonly partition: string;
  readonly resourceClass: string;
  readonly architecture: Architecture;
  readonly usageClass: UsageClass;
  readonly instanceType: string;
  readonly cpu: number;
  /** MiB. */
  readonly mmem: number;
  /** The NEW idle threshold, epoch ms. */
  readonly threshold: number;
  /** The version that the record has since it is idle. */
  readonly version: number;
  readonly imageId: string;
  readonly configHash: string;
}

const texts = ["key", "instanceId", "partition", "resourceClass", "instanceType", "imageId", "configHash"] as const;
const numbers = ["cpu", "mmem", "threshold", "version"] as const;

/** The message of an idle record. */
export function messageOf(record: InstanceRecord | Omit<InstanceRecord, "signal">): PoolMessage {
  const { key, instanceId, partition, resourceClass, architecture, usageClass, instanceType } = record;
  const { cpu, mmem, threshold, version, imageId, configHash } = record;
  return {
    key,
    instanceId,
    partition,
    resourceClass,
    architecture,
    usageClass,
    instanceType,
    cpu,
    mmem,
    threshold,
    version,
    imageId,
    configHash,
  };
}

export type MessageParse =
  | { readonly ok: true; readonly message: PoolMessage }
  | { readonly ok: false; readonly problem: string };

/** Reads a message's body. One that cannot be read goes to the class's `unreadable` queue with the problem. */
export function parseMessage(body: string): MessageParse {
  let found: unknown;
  try {
    found = JSON.parse(body);
  } catch {
    return { ok: false, problem: "not JSON" };
  }
  if (typeof found !== "object" || found === null || Array.isArray(found))
    return { ok: false, problem: "not an object" };
  const fields = found as Record<string, unknown>;
  for (const name of texts)
    if (typeof fields[name] !== "string" || fields[name] === "") return { ok: false, problem: `${name} is no text` };
  for (const name of numbers)
    if (typeof fields[name] !== "number" || !Number.isFinite(fields[name]))
      return { ok: false, problem: `${name} is no number` };
  if (fields["architecture"] !== "x64" && fields["architecture"] !== "arm64")
    return { ok: false, problem: `architecture is "${String(fields["architecture"])}", not x64 | arm64` };
  if (fields["usageClass"] !== "spot" && fields["usageClass"] !== "on-demand")
    return { ok: false, problem: `usageClass is "${String(fields["usageClass"])}", not spot | on-demand` };
  return { ok: true, message: messageOf(fields as unknown as InstanceRecord) };
}
