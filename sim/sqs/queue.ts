// One standard queue: sending, receiving, returning and deleting, with redrive, and those who wait for a message.
import type { Clock, EpochMs } from "../../cloud/ports/clock.ts";
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
  attributes: QueueAttributes;
  modifiedAt: EpochMs;
  add(message: Message, delayMs: number): void;
  /** Throws OverLimit. */
  take(most: number, visibilityMs: number, slips: Slips): Delivery[];
  /** Deletes by a receipt handle that counts; an outdated one changes nothing. Throws ReceiptHandleIsInvalid. */
  remove(receiptHandle: string): void;
  /** Throws ReceiptHandleIsInvalid, MessageNotInflight, InvalidParameterValue. */
  hide(receiptHandle: string, visibilityMs: number): void;
  /** Its messages after time has done its work: the longest visible first, then by the moment they become so. */
  messages(): readonly Message[];
  /** The next moment at which a hidden message becomes visible. */
  nextVisibleAt(): EpochMs;
  /** Those who wait for a message: each is called when one became visible by a call. */
  readonly waiting: Set<() => void>;
}

export interface QueueOptions {
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

const invalidHandle = (): AwsFault => new AwsFault("ReceiptHandleIsInvalid", "The input receipt handle is invalid.");

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

/** A queue's inside: what its functions below share. */
interface Inside {
  readonly options: QueueOptions;
  readonly queue: Queue;
  readonly store: MessageStore;
  readonly id: string;
  /** Still to be delivered once more, by a switched fault; a copy may outlive the deletion of its message. */
  readonly copies: Message[];
}

function settle({ options, queue, store }: Inside): void {
  const now = options.clock.now();
  store.settle(now, now - Number(queue.attributes["MessageRetentionPeriod"]) * 1000);
}

const wake = (queue: Queue): void => {
  for (const waiter of queue.waiting) waiter();
};

/** Moves a message that was received too often. Answers whether it was moved. */
function redriven({ options, queue, store }: Inside, message: Message): boolean {
  const policy = readRedrive(queue.attributes["RedrivePolicy"]);
  if (!policy || message.receiveCount < policy.maxReceiveCount) return false;
  const target = options.find(policy.deadLetterTargetArn);
  if (!target) return false;
  store.forget(message);
  target.add({ ...message, marks: [], sourceArn: queue.arn }, 0);
  return true;
}

function deliver({ options, id }: Inside, message: Message): Delivery {
  const mark = options.chance.id();
  const now = options.clock.now();
  message.receiveCount += 1;
  message.firstReceivedAt ??= now;
  message.receivedAt = now;
  message.marks.push(mark);
  return { message: { ...message }, receiptHandle: seal(id, message.id, mark) };
}

function take(inside: Inside, most: number, visibilityMs: number, slips: Slips): Delivery[] {
  const { store, copies } = inside;
  const { clock, chance } = inside.options;
  settle(inside);
  if (store.inFlightCount() >= inFlightMost) {
    throw new AwsFault("OverLimit", "Too many messages in flight for this queue.");
  }
  const taken = copies.splice(0, most).map((copy) => deliver(inside, copy));
  const shown: Message[] = [];
  while (taken.length < most && store.visibleCount() > 0) {
    const message = store.pull(chance.between(0, Math.min(drawnFrom, store.visibleCount()) - 1));
    if (redriven(inside, message)) continue;
    if (slips.partial > 0 && chance.happens(slips.partial)) {
      shown.push(message);
      continue;
    }
    message.marks = [];
    taken.push(deliver(inside, message));
    if (visibilityMs > 0) store.conceal(message, clock.now() + visibilityMs, "in flight");
    else shown.push(message);
    if (slips.duplicate > 0 && chance.happens(slips.duplicate)) copies.push(message);
  }
  for (const message of shown) store.show(message);
  return taken;
}

function remove(inside: Inside, receiptHandle: string): void {
  const { id, mark } = unseal(inside.id, receiptHandle);
  settle(inside);
  const message = inside.store.get(id);
  if (message?.marks.includes(mark)) inside.store.forget(message);
}

function hide(inside: Inside, receiptHandle: string, visibilityMs: number): void {
  const { id, mark } = unseal(inside.id, receiptHandle);
  const { store, queue, options } = inside;
  settle(inside);
  const message = store.get(id);
  if (!message || (message.state === "in flight" && !message.marks.includes(mark))) {
    const reason = "Message does not exist or is not available for visibility timeout change.";
    throw badVisibility(receiptHandle, reason);
  }
  if (message.state !== "in flight") {
    throw new AwsFault("MessageNotInflight", "The specified message isn't in flight.");
  }
  const until = options.clock.now() + visibilityMs;
  if (until > message.receivedAt + visibilityMostMs) {
    throw badVisibility(receiptHandle, "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  }
  store.unlist(message);
  if (visibilityMs > 0) return store.conceal(message, until, "in flight");
  store.show(message);
  wake(queue);
}

export function openQueue(options: QueueOptions): Queue {
  const { clock } = options;
  const store = openMessageStore();
  const queue: Queue = {
    name: options.name,
    arn: options.arn,
    createdAt: clock.now(),
    attributes: options.attributes,
    modifiedAt: clock.now(),
    add(message, delayMs) {
      if (delayMs > 0) return store.conceal(message, clock.now() + delayMs, "delayed");
      store.show(message);
      wake(queue);
    },
    take: (most, visibilityMs, slips) => take(inside, most, visibilityMs, slips),
    remove: (receiptHandle) => remove(inside, receiptHandle),
    hide: (receiptHandle, visibilityMs) => hide(inside, receiptHandle, visibilityMs),
    messages() {
      settle(inside);
      return store.all();
    },
    nextVisibleAt: store.nextVisibleAt,
    waiting: new Set(),
  };
  const inside: Inside = { options, queue, store, id: options.chance.id(), copies: [] };
  return queue;
}
