// The table of records, as the control plane reads and moves them.
import type { Fitting } from "../../domain/demand.ts";
import type { Decision, Move, Moves } from "../../domain/instance.ts";
import type { Damaged, InstanceRecord } from "../../domain/record.ts";
import type { PoolName } from "../../domain/class-keys.ts";
import type { PoolListing, OwnerListing } from "../../domain/table.ts";
import type { EpochMs } from "./clock.ts";
import type { Unknown } from "./outcomes.ts";

/** Identifies the record that a move is about; pool messages, listings and records contain all of it. */
export interface InstanceRef extends PoolName {
  readonly key: string;
}

export interface Found<Item> {
  readonly items: readonly Item[];
  /** Items that could not be read; each is named, none stops the scan. */
  readonly damaged: readonly Damaged[];
}

/** A decision of `moveAll`: without the record of what was done. */
export type Moved = { readonly kind: "done"; readonly already: boolean } | Extract<Decision, { kind: "refused" }>;

/** The records, as the control plane reads and moves them. Reads reject (after the SDK's retries) with `OutOfReach`. */
export interface Instances {
  /** One conditional write; the loser gets the record as it is. */
  move<M extends Move>(move: M, ref: InstanceRef, params: Moves[M]): Promise<Decision | Unknown>;
  /**
   * One move of many records in few calls, each decided by its own condition as `move` would; outcomes in the order asked. Applied one
   * by one or several at once: callers must not rely on either.
   */
  moveAll<M extends Move>(
    move: M,
    moves: readonly { readonly ref: InstanceRef; readonly params: Moves[M] }[],
  ): Promise<readonly (Moved | Unknown)[]>;
  /** The records under these keys, consistently; those that do not exist are left out. One batch read a hundred. */
  read(keys: readonly string[]): Promise<Found<InstanceRecord>>;
  /** Instances of the owners of a group (`groupOf`) by the index, eventually consistent. */
  ofGroup(group: string): Promise<Found<OwnerListing>>;
  /**
   * Idle instances of a pool whose threshold lies beyond `after`, by the index, eventually consistent. With `fitting` those that certainly
   * do not fit may be left out: what is listed is judged by the caller all the same.
   */
  idle(pool: PoolName, after: EpochMs, fitting?: Fitting): Promise<Found<PoolListing>>;
  /** Every record of the table, consistently. */
  all(): Promise<Found<InstanceRecord>>;
}
