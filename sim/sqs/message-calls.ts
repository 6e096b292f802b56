// Messages: send, delete, change visibility; one by one and in batches.
import { uuidOf } from "../chance.ts";
import { AwsFault, type AwsCall } from "../http/service.ts";
import { doEach, readEntries } from "./batch.ts";
import {
  demandText,
  integerOf,
  invalid,
  queueOf,
  recordOf,
  textOf,
  type Action,
  type Context,
  type Input,
} from "./context.ts";
import { attributesSize, md5, md5OfAttributes, readMessageAttributes } from "./message-attributes.ts";
import type { Queue } from "./queue.ts";

const batchMostBytes = 1_048_576;
/** API Reference, SendMessage: the characters of XML 1.0, whatever the protocol. */
// oxlint-disable-next-line no-control-regex -- tab, line feed and carriage return are the allowed ones
const forbidden = /[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

function send(context: Context, queue: Queue, call: AwsCall, input: Input): object {
  const body = demandText(input, "MessageBody");
  if (forbidden.test(body)) {
    throw new AwsFault(
      "InvalidMessageContents",
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    );
  }
  const attributes = readMessageAttributes(recordOf(input, "MessageAttributes"));
  const most = Number(queue.attributes["MaximumMessageSize"]);
  if (Buffer.byteLength(body) + attributesSize(attributes) > most) {
    throw invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`);
  }
  const delay = integerOf(input, "DelaySeconds", 0, 900) ?? Number(queue.attributes["DelaySeconds"]);
  const id = uuidOf(context.chance);
  queue.add(
    {
      id,
      body,
      attributes,
      senderId: call.caller.accessKeyId,
      sentAt: context.clock.now(),
      receiveCount: 0,
      firstReceivedAt: undefined,
      receivedAt: 0,
      state: "visible",
      visibleAt: 0,
      marks: [],
    },
    delay * 1000,
  );
  const withAttributes = Object.keys(attributes).length > 0;
  return {
    MessageId: id,
    MD5OfMessageBody: md5(body),
    ...(withAttributes && { MD5OfMessageAttributes: md5OfAttributes(attributes) }),
  };
}

export const sendMessage: Action = (context, call) => send(context, queueOf(context, call.input), call, call.input);

export const sendMessageBatch: Action = (context, call) => {
  const queue = queueOf(context, call.input);
  const entries = readEntries(call.input, "SendMessageBatch");
  const bytes = entries.reduce((total, { input }) => total + Buffer.byteLength(textOf(input, "MessageBody") ?? ""), 0);
  if (bytes > batchMostBytes) {
    throw new AwsFault(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${batchMostBytes} bytes. You have sent ${bytes} bytes.`,
    );
  }
  return doEach(entries, (input) => send(context, queue, call, input));
};

const remove = (queue: Queue, input: Input): object => {
  queue.remove(demandText(input, "ReceiptHandle"));
  return {};
};

export const deleteMessage: Action = (context, { input }) => remove(queueOf(context, input), input);

export const deleteMessageBatch: Action = (context, { input }) => {
  const queue = queueOf(context, input);
  return doEach(readEntries(input, "DeleteMessageBatch"), (entry) => remove(queue, entry));
};

const change = (queue: Queue, input: Input): object => {
  const handle = demandText(input, "ReceiptHandle");
  const seconds = integerOf(input, "VisibilityTimeout", 0, 43_200);
  if (seconds === undefined) {
    throw new AwsFault("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
  }
  queue.hide(handle, seconds * 1000);
  return {};
};

export const changeMessageVisibility: Action = (context, { input }) => change(queueOf(context, input), input);

export const changeMessageVisibilityBatch: Action = (context, { input }) => {
  const queue = queueOf(context, input);
  return doEach(readEntries(input, "ChangeMessageVisibilityBatch"), (entry) => change(queue, entry));
};
