// The embedded SQS: standard queues in memory, answered in the service's own words.
import type { ServiceContext } from "../http/faults.ts";
import { AwsFault, type Service } from "../http/service.ts";
import type { Action, Context } from "./context.ts";
import {
  changeMessageVisibility,
  changeMessageVisibilityBatch,
  deleteMessage,
  deleteMessageBatch,
  sendMessage,
  sendMessageBatch,
} from "./message-calls.ts";
import type { Message } from "./message-store.ts";
import { createQueue, deleteQueue, getQueueAttributes, getQueueUrl, setQueueAttributes } from "./queue-calls.ts";
import type { Queue } from "./queue.ts";
import { receiveMessage } from "./receive-message.ts";

const actions: Readonly<Record<string, Action>> = {
  CreateQueue: createQueue,
  GetQueueUrl: getQueueUrl,
  GetQueueAttributes: getQueueAttributes,
  SetQueueAttributes: setQueueAttributes,
  DeleteQueue: deleteQueue,
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
  DeleteMessage: deleteMessage,
  DeleteMessageBatch: deleteMessageBatch,
  ChangeMessageVisibility: changeMessageVisibility,
  ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
};

export interface Sqs {
  readonly service: Service;
  /** Names of the queues. */
  queues(): readonly string[];
  /** The messages of a queue, with what is visible, in flight or delayed; a snapshot. */
  messages(queue: string): readonly Message[];
}

/** Not modelled: FIFO queues, permissions, encryption; counts are exact rather than approximate. */
export function sqs(base: ServiceContext): Sqs {
  const queues = new Map<string, Queue>();
  const context: Context = { ...base, queues, deletedAt: new Map() };
  return {
    service: async (call) => {
      const handler = Object.hasOwn(actions, call.action) ? actions[call.action] : undefined;
      if (!handler) {
        throw new AwsFault("UnknownOperationException", `The action ${call.action} is not valid for this endpoint.`);
      }
      return handler(context, call);
    },
    queues: () => [...queues.keys()],
    messages: (name) =>
      queues
        .get(name)
        ?.messages()
        .map((message) => ({ ...message })) ?? [],
  };
}
