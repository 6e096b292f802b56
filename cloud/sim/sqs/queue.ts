// One standard queue: sending, receiving, returning and deleting, with redrive, and those who wait for a message.
import type { Clock, EpochMs } from "../../ports.ts";
import type { Chance } from "../chance.ts";
import { AwsFault } from "../http/service.ts";
import { openMessageStore, type Message, type MessageStore } from "./message-store.ts";
import { readRedrive, type QueueAttributes } from "./queue-attributes.ts";

export interface Delivery {
  /** The message as this delivery saw it. */
  readonly message: Message;
  readonly receiptHandle: string;
}

/** What a receive may get wrong: probabilities. */
export interface Slips {
  readonly partial: number;
  readonly duplicate: number;
}

export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: EpochMs;
  readonly tags: Map<string, string>;
  attributes: QueueAttributes;
  modifiedAt: EpochMs;
  purgedAt: EpochMs;
  add(message: Message, delayMs: number): void;
  /** Throws OverLimit. */
  take(most: number, visibilityMs: number, slips: Slips): Delivery[];
  /** Deletes by a receipt handle that counts; an outdated one changes nothing. Throws ReceiptHandleIsInvalid. */
  remove(receiptHandle: string): void;
  /** Throws ReceiptHandleIsInvalid, MessageNotInflight, InvalidParameterValue. */
  hide(receiptHandle: string, visibilityMs: number): void;
  purge(): void;
  /** Its messages after time has done its work: the longest visible first, then by the moment they become so. */
  messages(): readonly Message[];
  /** The next moment at which a hidden message becomes visible. */
  nextVisibleAt(): EpochMs;
  /** Those who wait for a message: each is called when one became visible by a call. */
  readonly waiting: Set<() => void>;
}

export interface QueueWish {
  readonly name: string;
  readonly arn: string;
  readonly attributes: QueueAttributes;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Finds another queue by its ARN, for redrive. */
  find(arn: string): Queue | undefined;
}

/** Developer Guide, "Amazon SQS message quotas": at most this many in flight in a standard queue. */
const inFlightMost = 120_000;
const visibilityMostMs = 43_200_000;
/** A receive draws from this many of the longest visible messages: unordered, but none is left behind for long. */
const drawnFrom = 16;

const invalidHandle = (): AwsFault =>
  new AwsFault("ReceiptHandleIsInvalid", "The input receipt handle is invalid.", 404);

const badVisibility = (handle: string, reason: string): AwsFault =>
  new AwsFault("InvalidParameterValue", `Value ${handle} for parameter ReceiptHandle is invalid. Reason: ${reason}`);

/** A receipt handle: which queue, which message, which receive. */
const seal = (queueId: string, id: string, mark: string): string =>
  Buffer.from(`${queueId} ${id} ${mark}`).toString("base64");

function unseal(queueId: string, handle: string): { readonly id: string; readonly mark: string } {
  const [queue, id, mark, ...more] = Buffer.from(handle, "base64").toString("utf8").split(" ");
  if (queue !== queueId || !id || !mark || more.length > 0) throw invalidHandle();
  return { id, mark };
}

/** Moves a message that was received too often. Answers whether it was moved. */
function redriven(wish: QueueWish, queue: Queue, store: MessageStore, message: Message): boolean {
  const policy = readRedrive(queue.attributes["RedrivePolicy"]);
  if (!policy || message.receiveCount < policy.maxReceiveCount) return false;
  const target = wish.find(policy.deadLetterTargetArn);
  if (!target) return false;
  store.forget(message);
  target.add({ ...message, marks: [], sourceArn: queue.arn }, 0);
  return true;
}

export function openQueue(wish: QueueWish): Queue {
  const { clock, chance } = wish;
  const store = openMessageStore();
  const queueId = chance.id();
  /** Copies still to be delivered, by a switched fault; a copy may outlive the deletion of its message. */
  const copies: Message[] = [];
  const waiting = new Set<() => void>();
  const seconds = (name: string): number => Number(queue.attributes[name]) * 1000;
  const settle = (): void => {
    const now = clock.now();
    store.settle(now, now - seconds("MessageRetentionPeriod"));
  };
  const wake = (): void => {
    for (const waiter of waiting) waiter();
  };

  function deliver(message: Message): Delivery {
    const mark = chance.id();
    const now = clock.now();
    message.receiveCount += 1;
    message.firstReceivedAt ??= now;
    message.receivedAt = now;
    message.marks.push(mark);
    return { message: { ...message }, receiptHandle: seal(queueId, message.id, mark) };
  }

  function take(most: number, visibilityMs: number, slips: Slips): Delivery[] {
    settle();
    if (store.inFlightCount() >= inFlightMost) {
      throw new AwsFault("OverLimit", "Too many messages in flight for this queue.", 403);
    }
    const taken: Delivery[] = [];
    for (const copy of copies.splice(0, most)) taken.push(deliver(copy));
    const skipped: Message[] = [];
    while (taken.length < most && store.visibleCount() > 0) {
      const message = store.pull(chance.between(0, Math.min(drawnFrom, store.visibleCount()) - 1));
      if (redriven(wish, queue, store, message)) continue;
      if (slips.partial > 0 && chance.happens(slips.partial)) {
        skipped.push(message);
        continue;
      }
      message.marks = [];
      const delivery = deliver(message);
      taken.push(delivery);
      if (visibilityMs > 0) store.conceal(message, clock.now() + visibilityMs, "in flight");
      else skipped.push(message);
      if (slips.duplicate > 0 && chance.happens(slips.duplicate)) copies.push(message);
    }
    for (const message of skipped) store.show(message);
    return taken;
  }

  function remove(receiptHandle: string): void {
    const { id, mark } = unseal(queueId, receiptHandle);
    settle();
    const message = store.get(id);
    if (message?.marks.includes(mark)) store.forget(message);
  }

  function hide(receiptHandle: string, visibilityMs: number): void {
    const { id, mark } = unseal(queueId, receiptHandle);
    settle();
    const message = store.get(id);
    if (!message || (message.state === "in flight" && !message.marks.includes(mark))) {
      const reason = "Message does not exist or is not available for visibility timeout change.";
      throw badVisibility(receiptHandle, reason);
    }
    if (message.state !== "in flight") {
      throw new AwsFault("MessageNotInflight", `The specified message isn't in flight.`);
    }
    const until = clock.now() + visibilityMs;
    if (until > message.receivedAt + visibilityMostMs) {
      throw badVisibility(receiptHandle, "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
    }
    store.unlist(message);
    if (visibilityMs > 0) return store.conceal(message, until, "in flight");
    store.show(message);
    wake();
  }

  const queue: Queue = {
    name: wish.name,
    arn: wish.arn,
    createdAt: clock.now(),
    tags: new Map(),
    attributes: wish.attributes,
    modifiedAt: clock.now(),
    purgedAt: -Infinity,
    add(message, delayMs) {
      if (delayMs > 0) return store.conceal(message, clock.now() + delayMs, "delayed");
      store.show(message);
      wake();
    },
    take,
    remove,
    hide,
    purge() {
      store.clear();
      copies.length = 0;
    },
    messages() {
      settle();
      return store.all();
    },
    nextVisibleAt: () => store.nextVisibleAt(),
    waiting,
  };
  return queue;
}
