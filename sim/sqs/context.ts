// What all calls of the embedded SQS stand on: the queues, and reading a call's parameters.
import type { ServiceContext } from "../http/faults.ts";
import { AwsFault, type AwsCall } from "../http/service.ts";
import type { Queue } from "./queue.ts";

export interface Context extends ServiceContext {
  /** By name. */
  readonly queues: Map<string, Queue>;
  /** Names deleted lately, with the moment. */
  readonly deletedAt: Map<string, number>;
}

export type Input = Readonly<Record<string, unknown>>;
/** One API action. What it returns is the reply's body. */
export type Action = (context: Context, call: AwsCall) => unknown;

export const invalid = (message: string): AwsFault => new AwsFault("InvalidParameterValue", message);
const malformed = (kind: string): AwsFault =>
  new AwsFault("SerializationException", `A value cannot be converted to ${kind}`);

export function textOf(input: Input, name: string): string | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw malformed("String");
}

export function demandText(input: Input, name: string): string {
  const value = textOf(input, name);
  if (value === undefined || value === "") {
    throw new AwsFault("MissingParameter", `The request must contain the parameter ${name}.`);
  }
  return value;
}

/** A whole number in a range, where given. Throws InvalidParameterValue. */
export function integerOf(input: Input, name: string, least: number, most: number): number | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number") throw malformed("Integer");
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(
    `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${least} and ${most}, if provided.`,
  );
}

export function recordOf(input: Input, name: string): Record<string, unknown> {
  const value = input[name] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw malformed("Map");
  return value as Record<string, unknown>;
}

export function textsOf(input: Input, name: string): readonly string[] {
  const value = input[name] ?? [];
  if (!Array.isArray(value) || !value.every((member) => typeof member === "string")) throw malformed("List");
  return value;
}

/** As the caller reached it over HTTP, where it did. */
export const queueUrl = (
  context: Pick<ServiceContext, "region" | "account">,
  name: string,
  call: Pick<AwsCall, "origin"> = {},
): string => `${call.origin ?? `https://sqs.${context.region}.amazonaws.com`}/${context.account}/${name}`;

export const noQueue = (): AwsFault => new AwsFault("QueueDoesNotExist", "The specified queue does not exist.");

/** The queue a call's QueueUrl names: its last path segment, whatever the host. */
export function queueOf(context: Context, input: Input): Queue {
  const url = demandText(input, "QueueUrl");
  const queue = context.queues.get(url.slice(url.lastIndexOf("/") + 1));
  if (!queue) throw noQueue();
  return queue;
}
