// Queues themselves: create, find, describe, change, empty, delete.
import { AwsFault } from "../http/service.ts";
import {
  demandText,
  invalid,
  noQueue,
  queueOf,
  queueUrl,
  recordOf,
  textsOf,
  type Action,
  type Context,
} from "./context.ts";
import { defaultAttributes, readAttributes, readRedrive, type QueueAttributes } from "./queue-attributes.ts";
import { openQueue, type Queue } from "./queue.ts";

/** API Reference, CreateQueue: the name of a deleted queue cannot be used for 60 seconds. */
const restMs = 60_000;

function demandTarget(context: Context, attributes: QueueAttributes): void {
  const policy = readRedrive(attributes["RedrivePolicy"]);
  if (!policy || findByArn(context, policy.deadLetterTargetArn)) return;
  throw invalid(
    `Value ${attributes["RedrivePolicy"]} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
  );
}

const findByArn = (context: Context, arn: string): Queue | undefined =>
  [...context.queues.values()].find((queue) => queue.arn === arn);

function demandName(name: string, attributes: QueueAttributes): void {
  if (name.endsWith(".fifo") || attributes["FifoQueue"] !== undefined) {
    throw new AwsFault("UnsupportedOperation", "The embedded SQS has standard queues only.");
  }
  if (/^[A-Za-z0-9_-]{1,80}$/.test(name)) return;
  throw invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
}

export const createQueue: Action = (context, call) => {
  const name = demandText(call.input, "QueueName");
  const given = recordOf(call.input, "Attributes");
  demandName(name, given as QueueAttributes);
  const attributes = readAttributes(given);
  const known = context.queues.get(name);
  if (known) {
    const other = Object.keys(attributes).find((key) => known.attributes[key] !== attributes[key]);
    if (other === undefined) return { QueueUrl: queueUrl(context, name, call) };
    throw new AwsFault(
      "QueueNameExists",
      `A queue already exists with the same name and a different value for attribute ${other}`,
    );
  }
  const deletedAt = context.deletedAt.get(name);
  if (deletedAt !== undefined && context.clock.now() < deletedAt + restMs) {
    throw new AwsFault(
      "QueueDeletedRecently",
      "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    );
  }
  demandTarget(context, attributes);
  const queue = openQueue({
    name,
    arn: `arn:aws:sqs:${context.region}:${context.account}:${name}`,
    attributes: { ...defaultAttributes, ...attributes },
    clock: context.clock,
    chance: context.chance.fork(`queue/${name}`),
    find: (arn) => findByArn(context, arn),
  });
  context.queues.set(name, queue);
  return { QueueUrl: queueUrl(context, name, call) };
};

export const getQueueUrl: Action = (context, call) => {
  const name = demandText(call.input, "QueueName");
  if (!context.queues.has(name)) throw noQueue();
  return { QueueUrl: queueUrl(context, name, call) };
};

/** Every attribute as GetQueueAttributes shows it; the counts are exact here. */
function shownAttributes(queue: Queue): Record<string, string> {
  const messages = queue.messages();
  const count = (state: string): string => String(messages.filter((message) => message.state === state).length);
  return {
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: count("visible"),
    ApproximateNumberOfMessagesNotVisible: count("in flight"),
    ApproximateNumberOfMessagesDelayed: count("delayed"),
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
  };
}

const everyName: ReadonlySet<string> = new Set([
  ...Object.keys(defaultAttributes),
  "All",
  "QueueArn",
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "Policy",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
  "FifoQueue",
  "ContentBasedDeduplication",
  "DeduplicationScope",
  "FifoThroughputLimit",
]);

export const getQueueAttributes: Action = (context, { input }) => {
  const queue = queueOf(context, input);
  const names = textsOf(input, "AttributeNames");
  const stranger = names.find((name) => !everyName.has(name));
  if (stranger !== undefined) throw new AwsFault("InvalidAttributeName", `Unknown Attribute ${stranger}.`);
  const wanted = Object.entries(shownAttributes(queue)).filter(
    ([name, value]) => value !== "" && (names.includes("All") || names.includes(name)),
  );
  return wanted.length > 0 ? { Attributes: Object.fromEntries(wanted) } : {};
};

export const setQueueAttributes: Action = (context, { input }) => {
  const queue = queueOf(context, input);
  const attributes = readAttributes(recordOf(input, "Attributes"));
  demandTarget(context, attributes);
  queue.attributes = { ...queue.attributes, ...attributes };
  queue.modifiedAt = context.clock.now();
  return {};
};

export const deleteQueue: Action = (context, { input }) => {
  const queue = queueOf(context, input);
  context.queues.delete(queue.name);
  context.deletedAt.set(queue.name, context.clock.now());
  for (const waiter of queue.waiting) waiter();
  return {};
};
