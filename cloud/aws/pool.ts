// The pool in SQS: one standard queue a resource class, and one beside it for what cannot be read.
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { batchesOf } from "../../domain/batches.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { parseMessage, type PoolMessage } from "../../domain/pool-message.ts";
import type { Pool, Received } from "../ports/queue.ts";
import { asUnknown, raise, troubleOf } from "./sdk-errors.ts";

/** Passed on from here so that the chunk loaded for the pool holds no more of the client than the pool uses. */
export { SQSClient } from "@aws-sdk/client-sqs";

export interface QueueUrls {
  readonly url: string;
  readonly unreadableUrl: string;
}
export interface PoolOptions {
  readonly client: SQSClient;
  /** The queues of a class, from the configuration. Rejects for a class that has none. */
  readonly queues: (resourceClass: string) => Promise<QueueUrls>;
}

/** An unreadable body may be anything; what is kept of it must fit beside its reason whatever it is. */
const bodyKept = 200_000;
const reasonKept = 1_000;

/** SQS refuses control characters, and a reason quotes what it complains about. */
const plain = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "?");

async function receive(client: SQSClient, url: string, most: number): Promise<readonly Received[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: most,
    VisibilityTimeout: limits.leaseMs / 1000,
    WaitTimeSeconds: 0,
  });
  const { Messages } = await client.send(command).catch((error: unknown) => raise(`ReceiveMessage on ${url}`, error));
  return (Messages ?? []).map(({ Body, ReceiptHandle }): Received => {
    const [body, receipt] = [Body ?? "", ReceiptHandle ?? ""];
    const parsed = parseMessage(body);
    return parsed.ok
      ? { kind: "message", receipt, message: parsed.message }
      : { kind: "unreadable", receipt, body, problem: parsed.problem };
  });
}

/** About how many messages a queue holds, leased ones included. */
export async function depth(client: SQSClient, url: string): Promise<number> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
  });
  const { Attributes } = await client
    .send(command)
    .catch((error: unknown) => raise(`GetQueueAttributes on ${url}`, error));
  return Object.values(Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
}

/** Sends up to ten. Returns those that are certainly not in the queue; a batch whose reply was lost counts as sent. */
async function sendBatch(client: SQSClient, url: string, batch: readonly PoolMessage[]) {
  const Entries = batch.map((message, index) => ({ Id: String(index), MessageBody: JSON.stringify(message) }));
  try {
    const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    const failed = new Set((Failed ?? []).map(({ Id }) => Id));
    return batch.filter((_, index) => failed.has(String(index)));
  } catch (error) {
    if (troubleOf(error) === "throttled") return batch;
    asUnknown(`SendMessageBatch on ${url}`, error);
    return [];
  }
}

async function send(
  { client, queues }: PoolOptions,
  messages: readonly PoolMessage[],
): Promise<readonly PoolMessage[]> {
  const byClass = Map.groupBy(messages, ({ resourceClass }) => resourceClass);
  const unsent = await Promise.all(
    [...byClass].map(async ([resourceClass, ofClass]) => {
      const { url } = await queues(resourceClass);
      return Promise.all(batchesOf(ofClass, maxima.poolBatch).map((batch) => sendBatch(client, url, batch)));
    }),
  );
  return unsent.flat(2);
}

/** Entries that fail, and a queue out of reach, are harmless here; a missing right is not, and is thrown. */
async function harmlessly(what: string, calls: readonly Promise<unknown>[]): Promise<void> {
  for (const settled of await Promise.allSettled(calls))
    if (settled.status === "rejected") asUnknown(what, settled.reason);
}

const entriesOf = (receipts: readonly string[]) =>
  receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));

export const pool = (options: PoolOptions): Pool => {
  const { client, queues } = options;
  return {
    receive: async (resourceClass, most = maxima.poolBatch) => receive(client, (await queues(resourceClass)).url, most),
    send: (messages) => send(options, messages),
    giveBack: async (resourceClass, receipts) => {
      const { url } = await queues(resourceClass);
      const calls = batchesOf(receipts, maxima.poolBatch).map((batch) => {
        const Entries = entriesOf(batch).map((entry) => ({ ...entry, VisibilityTimeout: 0 }));
        return client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
      });
      await harmlessly(`ChangeMessageVisibilityBatch on ${url}`, calls);
    },
    drop: async (resourceClass, receipts) => {
      const { url } = await queues(resourceClass);
      const calls = batchesOf(receipts, maxima.poolBatch).map((batch) =>
        client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entriesOf(batch) })),
      );
      await harmlessly(`DeleteMessageBatch on ${url}`, calls);
    },
    depth: async (resourceClass, of) => {
      const { url, unreadableUrl } = await queues(resourceClass);
      return depth(client, of === "unreadable" ? unreadableUrl : url);
    },
    setAside: async (resourceClass, { receipt, body, problem }) => {
      const { url, unreadableUrl } = await queues(resourceClass);
      const aside = new SendMessageCommand({
        QueueUrl: unreadableUrl,
        MessageBody: body.slice(0, bodyKept).toWellFormed(),
        MessageAttributes: { problem: { DataType: "String", StringValue: plain(problem).slice(0, reasonKept) } },
      });
      // Kept first, deleted second: a crash between leaves it twice, never nowhere.
      await client.send(aside).catch((error: unknown) => raise(`SendMessage on ${unreadableUrl}`, error));
      const call = client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entriesOf([receipt]) }));
      await harmlessly(`DeleteMessageBatch on ${url}`, [call]);
    },
  };
};
