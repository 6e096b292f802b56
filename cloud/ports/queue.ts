// The pool queues: hints of idle instances, leased to their receiver.
import type { PoolMessage } from "../../domain/pool-message.ts";

export type Received =
  | { readonly kind: "message"; readonly receipt: string; readonly message: PoolMessage }
  | { readonly kind: "unreadable"; readonly receipt: string; readonly body: string; readonly problem: string };

/** The queues, one a resource class. A message received is leased for `limits.leaseMs`. */
export interface Pool {
  /** Up to `most` messages (default: ten), without waiting; an empty list proves nothing. */
  receive(resourceClass: string, most?: number): Promise<readonly Received[]>;
  /** Sends in batches of ten; returns those that were certainly not sent. */
  send(messages: readonly PoolMessage[]): Promise<readonly PoolMessage[]>;
  /** Makes leased messages visible again at once, in batches of ten. A failure is harmless: the lease ends by itself. */
  giveBack(resourceClass: string, receipts: readonly string[]): Promise<void>;
  /** Deletes leased messages, in batches of ten. A failure is harmless: a message is a hint. */
  drop(resourceClass: string, receipts: readonly string[]): Promise<void>;
  /** About how many messages the queue holds, leased ones included, or the one of those set aside. Refresh sends idle instances again where it is fewer. */
  depth(resourceClass: string, of?: "unreadable"): Promise<number>;
  /** Moves an unreadable message to the class's `unreadable` queue with the reason. */
  setAside(resourceClass: string, message: Extract<Received, { kind: "unreadable" }>): Promise<void>;
}
