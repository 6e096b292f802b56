// A queue's attributes: their defaults, ranges, and the redrive policy.
import { AwsFault } from "../http/service.ts";

/** API Reference, CreateQueue and SetQueueAttributes: [default, least, most]. */
const ranges: Readonly<Record<string, readonly [number, number, number]>> = {
  VisibilityTimeout: [30, 0, 43_200],
  MaximumMessageSize: [1_048_576, 1_024, 1_048_576],
  MessageRetentionPeriod: [345_600, 60, 1_209_600],
  DelaySeconds: [0, 0, 900],
  ReceiveMessageWaitTimeSeconds: [0, 0, 20],
  KmsDataKeyReusePeriodSeconds: [300, 60, 86_400],
};
const texts: ReadonlySet<string> = new Set(["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"]);
const shownByDefault = [
  "VisibilityTimeout",
  "MaximumMessageSize",
  "MessageRetentionPeriod",
  "DelaySeconds",
  "ReceiveMessageWaitTimeSeconds",
];

export type QueueAttributes = Readonly<Record<string, string>>;

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export const defaultAttributes: QueueAttributes = {
  ...Object.fromEntries(shownByDefault.map((name) => [name, String(ranges[name]?.[0])])),
  SqsManagedSseEnabled: "true",
};

const invalidValue = (name: string): AwsFault =>
  new AwsFault("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);

function checkOne(name: string, value: unknown): void {
  if (typeof value !== "string") throw new AwsFault("SerializationException", "Attribute value is not a String");
  const range = ranges[name];
  if (range) {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < range[1] || number > range[2]) throw invalidValue(name);
  } else if (name === "SqsManagedSseEnabled") {
    if (value !== "true" && value !== "false") throw invalidValue(name);
  } else if (!texts.has(name)) {
    throw new AwsFault("InvalidAttributeName", `Unknown Attribute ${name}.`);
  }
}

/** Reads RedrivePolicy; an empty text means none. Throws InvalidParameterValue. */
export function readRedrive(text: string | undefined): RedrivePolicy | undefined {
  if (text === undefined || text === "") return undefined;
  const refuse = (reason: string): AwsFault =>
    new AwsFault("InvalidParameterValue", `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  let policy: Record<string, unknown>;
  try {
    policy = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw refuse("Redrive policy is not a valid JSON map.");
  }
  const { deadLetterTargetArn, maxReceiveCount } = policy;
  if (typeof deadLetterTargetArn !== "string" || maxReceiveCount === undefined) {
    throw refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn, maxReceiveCount.");
  }
  const count = Number(maxReceiveCount);
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw refuse("Invalid value for maxReceiveCount: must be an integer from 1 to 1000.");
  }
  return { deadLetterTargetArn, maxReceiveCount: count };
}

/** Checks given attributes. Throws InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue. */
export function readAttributes(given: Readonly<Record<string, unknown>>): QueueAttributes {
  for (const [name, value] of Object.entries(given)) checkOne(name, value);
  const attributes = given as QueueAttributes;
  readRedrive(attributes["RedrivePolicy"]);
  return attributes;
}
