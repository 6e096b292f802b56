// ReceiveMessage: short and long polls.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { integerOf, queueOf, textsOf, type Action, type Context, type Input } from "./context.ts";
import { chosenAttributes, md5, md5OfAttributes } from "./message-attributes.ts";
import type { Delivery, Queue, Slips } from "./queue.ts";

/** The members of a message's `Attributes` that the receiver asked for. */
function systemAttributes({ message }: Delivery, names: readonly string[]): Record<string, string> {
  const all: Record<string, string | undefined> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    DeadLetterQueueSourceArn: message.sourceArn,
  };
  const chosen = Object.entries(all).filter(
    ([name, value]) => value !== undefined && (names.includes("All") || names.includes(name)),
  );
  return Object.fromEntries(chosen) as Record<string, string>;
}

function shown(delivery: Delivery, input: Input): object {
  const { message, receiptHandle } = delivery;
  const names = [...textsOf(input, "AttributeNames"), ...textsOf(input, "MessageSystemAttributeNames")];
  const system = systemAttributes(delivery, names);
  const own = chosenAttributes(message.attributes, textsOf(input, "MessageAttributeNames"));
  return {
    MessageId: message.id,
    ReceiptHandle: receiptHandle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(Object.keys(system).length > 0 && { Attributes: system }),
    ...(Object.keys(own).length > 0 && { MessageAttributes: own, MD5OfMessageAttributes: md5OfAttributes(own) }),
  };
}

/** Waits until a message became visible, or `until`, or the caller has gone. */
async function waitForMessage(
  context: Context,
  queue: Queue,
  until: EpochMs,
  gone: AbortSignal | undefined,
): Promise<void> {
  const waking = new AbortController();
  const wake = (): void => waking.abort();
  queue.waiting.add(wake);
  gone?.addEventListener("abort", wake, { once: true });
  try {
    const due = Math.min(until, queue.nextVisibleAt());
    await context.clock.sleep(Math.max(0, due - context.clock.now()), waking.signal);
  } finally {
    queue.waiting.delete(wake);
    gone?.removeEventListener("abort", wake);
  }
}

export const receiveMessage: Action = async (context, { input, gone }) => {
  const queue = queueOf(context, input);
  const most = integerOf(input, "MaxNumberOfMessages", 1, 10) ?? 1;
  const visibilityMs =
    1000 * (integerOf(input, "VisibilityTimeout", 0, 43_200) ?? Number(queue.attributes["VisibilityTimeout"]));
  const wait = integerOf(input, "WaitTimeSeconds", 0, 20) ?? Number(queue.attributes["ReceiveMessageWaitTimeSeconds"]);
  const until = context.clock.now() + 1000 * wait;
  const rates = context.faults.rates("sqs", "ReceiveMessage");
  if (rates.falseEmpty && context.chance.happens(rates.falseEmpty)) return {};
  // A long poll asks every server, so only a short one misses some.
  const slips: Slips = { partial: wait === 0 ? (rates.partial ?? 0) : 0, duplicate: rates.duplicate ?? 0 };
  for (;;) {
    // A caller that hung up must not be handed what another could have.
    if (gone?.aborted || context.queues.get(queue.name) !== queue) return {};
    const taken = queue.take(most, visibilityMs, slips);
    if (taken.length > 0) return { Messages: taken.map((delivery) => shown(delivery, input)) };
    if (context.clock.now() >= until) return {};
    await waitForMessage(context, queue, until, gone);
  }
};
