// The messages of one queue, in the order in which a receive considers them.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { MessageAttributes } from "./message-attributes.ts";

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly senderId: string;
  readonly sentAt: EpochMs;
  /** The queue it was moved from, for a message in a dead-letter queue. */
  readonly sourceArn?: string;
  receiveCount: number;
  firstReceivedAt: EpochMs | undefined;
  /** When it was last received: visibility may reach 12 hours from then. */
  receivedAt: EpochMs;
  state: "visible" | "in flight" | "delayed";
  /** Hidden until then. */
  visibleAt: EpochMs;
  /** The marks of the receipt handles that count: those of the last receive. */
  marks: string[];
}

export interface MessageStore {
  get(id: string): Message | undefined;
  show(message: Message): void;
  conceal(message: Message, until: EpochMs, state: "in flight" | "delayed"): void;
  /** Takes a message out of its list, to be shown or concealed anew. */
  unlist(message: Message): void;
  forget(message: Message): void;
  /** Takes the n-th of the visible out of its list. */
  pull(n: number): Message;
  visibleCount(): number;
  inFlightCount(): number;
  readonly nextVisibleAt: () => EpochMs;
  all(): readonly Message[];
  /** Shows what is due, and drops what was sent at or before `sentAfter`. */
  settle(now: EpochMs, sentAfter: EpochMs): void;
}

export function openMessageStore(): MessageStore {
  const byId = new Map<string, Message>();
  let visible: Message[] = [];
  /** In the order of `visibleAt`. */
  let hidden: Message[] = [];
  let inFlight = 0;
  /** No message was sent before this moment. */
  let oldest = Infinity;

  const enter = (message: Message): void => {
    byId.set(message.id, message);
    oldest = Math.min(oldest, message.sentAt);
  };
  const show = (message: Message): void => {
    enter(message);
    message.state = "visible";
    visible.push(message);
  };
  const placeOf = (until: EpochMs): number => {
    let [low, high] = [0, hidden.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((hidden[middle] as Message).visibleAt > until) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const left = (message: Message): void => {
    if (message.state === "in flight") inFlight -= 1;
  };
  const unlist = (message: Message): void => {
    const list = message.state === "visible" ? visible : hidden;
    const index = list.indexOf(message);
    if (index < 0) return;
    list.splice(index, 1);
    left(message);
  };
  function expire(sentAfter: EpochMs): void {
    const kept = ({ sentAt }: Message): boolean => sentAt > sentAfter;
    for (const message of byId.values()) {
      if (kept(message)) continue;
      byId.delete(message.id);
      left(message);
    }
    visible = visible.filter(kept);
    hidden = hidden.filter(kept);
    oldest = Infinity;
    for (const { sentAt } of byId.values()) oldest = Math.min(oldest, sentAt);
  }

  return {
    get: (id) => byId.get(id),
    show,
    conceal(message, until, state) {
      enter(message);
      message.state = state;
      message.visibleAt = until;
      if (state === "in flight") inFlight += 1;
      hidden.splice(placeOf(until), 0, message);
    },
    unlist,
    forget(message) {
      unlist(message);
      byId.delete(message.id);
    },
    pull: (n) => visible.splice(n, 1)[0] as Message,
    visibleCount: () => visible.length,
    inFlightCount: () => inFlight,
    nextVisibleAt: () => hidden[0]?.visibleAt ?? Infinity,
    all: () => [...visible, ...hidden],
    settle(now, sentAfter) {
      while (hidden[0] && hidden[0].visibleAt <= now) {
        const due = hidden.shift() as Message;
        left(due);
        show(due);
      }
      if (oldest <= sentAfter) expire(sentAfter);
    },
  };
}
