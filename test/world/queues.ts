// The pool's queues as SQS has them: at least once, in no order, leased by visibility; and the port `Pool` on them.
import { limits, maxima } from "../../domain/limits.ts";
import { parseMessage, type PoolMessage } from "../../domain/pool-message.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { Pool, Received } from "../../cloud/ports/queue.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

export interface Queued {
  readonly body: string;
  visibleAt: EpochMs;
  /** The receipt of the last delivery; only that one moves its visibility. */
  receipt: string;
  /** Sent by somebody else than us. The queue's retention ends it at the latest, which no world outlasts. */
  readonly forged?: true;
}
/** By resource class; set-aside messages under `CLASS unreadable`. */
export type Queues = Map<string, Set<Queued>>;

export const queueOf = (queues: Queues, name: string): Set<Queued> => {
  const queue = queues.get(name) ?? new Set();
  queues.set(name, queue);
  return queue;
};

/** What somebody who means no harm may put into a queue. */
const strange = JSON.stringify({ Event: "s3:TestEvent" });

const read = (receipt: string, body: string): Received => {
  const parsed = parseMessage(body);
  return parsed.ok
    ? { kind: "message", receipt, message: parsed.message }
    : { kind: "unreadable", receipt, body, problem: parsed.problem };
};

function deliver({ queues, time, faults }: State, process: Process, name: string, most: number): Received[] {
  const { chance } = process;
  const { falseEmpty, duplicateDelivery } = faults.rates;
  const visible = [...queueOf(queues, name)].filter(({ visibleAt }) => visibleAt <= time.now());
  if (chance.happens(falseEmpty)) {
    if (visible.length > 0) faults.meet("falseEmpty");
    return [];
  }
  const got: Received[] = [];
  while (visible.length > 0 && got.length < most) {
    const [message] = visible.splice(chance.between(0, visible.length - 1), 1);
    if (message === undefined || (got.length > 0 && chance.happens(falseEmpty / 2))) continue;
    // A replica that does not know of the delivery will deliver it once more.
    if (chance.happens(duplicateDelivery)) faults.meet("duplicateDelivery");
    else message.visibleAt = time.now() + limits.leaseMs;
    message.receipt = chance.id();
    got.push(read(message.receipt, message.body));
  }
  return got;
}

export function poolPort(state: State, process: Process): Pool {
  const { queues, time, faults, checks } = state;
  const { chance } = process;
  const remove = (message: Queued, queue: Set<Queued>): void => {
    queue.delete(message);
    if (message.forged === true) return;
    const parsed = parseMessage(message.body);
    if (!parsed.ok) return;
    const { key } = parsed.message;
    checks.deleted(parsed.message, ![...queue].some(({ body }) => body.includes(key)));
  };
  const tell = (what: string, apply: () => void): Promise<void> =>
    process.call<void>({ what: `pool.${what}`, kind: "write", apply, lost: () => {} });
  const each = (
    name: string,
    receipts: readonly string[],
    act: (message: Queued, queue: Set<Queued>) => void,
  ): void => {
    const queue = queueOf(queues, name);
    for (const message of queue) if (receipts.includes(message.receipt)) act(message, queue);
  };
  return {
    receive: (resourceClass, most = maxima.poolBatch) =>
      process.ask<readonly Received[]>("pool.receive", "write", () => deliver(state, process, resourceClass, most)),
    send: (messages) =>
      process.call<readonly PoolMessage[]>({
        what: "pool.send",
        kind: "write",
        apply: () => {
          const [first] = messages;
          if (first !== undefined && chance.happens(faults.rates.unreadable)) {
            faults.meet("unreadable");
            queueOf(queues, first.resourceClass).add({ body: strange, visibleAt: time.now(), receipt: "" });
          }
          const refused = messages.filter(() => chance.happens(faults.rates.lostBefore));
          for (const message of messages) {
            if (refused.includes(message)) continue;
            time.note(`sent ${message.key} ${message.version}`);
            const body = JSON.stringify(message);
            queueOf(queues, message.resourceClass).add({ body, visibleAt: time.now(), receipt: "" });
          }
          return refused;
        },
        // Given back is what is surely not in the queue: after a lost reply it may be.
        lost: (problem) => (problem.endsWith("throttled") ? messages : []),
      }),
    giveBack: (resourceClass, receipts) =>
      tell("giveBack", () =>
        each(resourceClass, receipts, (message) => {
          message.visibleAt = time.now();
        }),
      ),
    drop: (resourceClass, receipts) => tell("drop", () => each(resourceClass, receipts, remove)),
    depth: (resourceClass, of) =>
      process.ask(
        "pool.depth",
        "read",
        () => queueOf(queues, of === undefined ? resourceClass : `${resourceClass} ${of}`).size,
      ),
    setAside: (resourceClass, { receipt, body }) =>
      tell("setAside", () => {
        queueOf(queues, `${resourceClass} unreadable`).add({ body, visibleAt: time.now(), receipt: "" });
        each(resourceClass, [receipt], (message, queue) => queue.delete(message));
      }),
  };
}
