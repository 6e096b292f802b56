// The pool message: a hint that an instance is idle. The record is the truth.
import { decodeListing, isDamaged, type InstanceRecord } from "./record.ts";

const names = [
  "key",
  "instanceId",
  "partition",
  "resourceClass",
  "architecture",
  "usageClass",
  "instanceType",
  "cpu",
  "mmem",
  "threshold",
  "version",
  "imageId",
  "configHash",
] as const satisfies readonly (keyof InstanceRecord)[];

/** What of an idle record a message carries: threshold and version are the NEW ones, which the record has since it is idle. */
export type PoolMessage = Pick<InstanceRecord, (typeof names)[number]>;

/** The message of an idle record. */
export const messageOf = (record: PoolMessage): PoolMessage =>
  Object.fromEntries(names.map((name) => [name, record[name]])) as unknown as PoolMessage;

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
  const message = decodeListing(found, names);
  if (isDamaged(message)) return { ok: false, problem: message.problem };
  if (message.version === 0) return { ok: false, problem: "version is not that of a record, a whole number from 1" };
  return { ok: true, message };
}
