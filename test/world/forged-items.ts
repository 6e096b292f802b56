// What DynamoDB and its adapters make of an item that somebody has written past the ports: reads that are decoded, writes that AWS refuses.
import { changeOf, type Move, type Moves } from "../../domain/instance.ts";
import { decodeListing, decodeRecord, isDamaged, type Damaged, type InstanceRecord } from "../../domain/record.ts";
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import type { Found } from "../../cloud/ports/store.ts";
import type { Table } from "./table.ts";

/** An item may have 400 KB (Amazon DynamoDB Developer Guide, "Service, account, and table quotas"). */
export const mostItemBytes = 400 * 1024;
/** A number may have 38 significant digits ("Data types"): to one of this size nothing can be added. */
const beyondDigits = 1e38;

export const bytesOf = (item: object): number => JSON.stringify(item).length;

/** Whether AWS refuses the update that makes a move, whatever its condition says: the adapters take that for a refused move. */
export function isSpoilt<M extends Move>(
  move: M,
  params: Moves[M],
  before: InstanceRecord | undefined,
  after: object,
): boolean {
  const item = (before ?? {}) as unknown as Record<string, unknown>;
  const added = Object.keys(changeOf(move, params).add).map((name) => item[name]);
  const fits = added.every(
    (found) => found === undefined || (typeof found === "number" && Math.abs(found) < beyondDigits),
  );
  return !fits || bytesOf(after) > mostItemBytes;
}

const decoded = (table: Table, item: InstanceRecord): InstanceRecord | Damaged =>
  table.isForged(item.key) ? decodeRecord(item) : item;

function sorted(found: readonly (InstanceRecord | Damaged)[]): Found<InstanceRecord> {
  return {
    items: found.filter((one): one is InstanceRecord => !isDamaged(one)),
    damaged: found.filter((one): one is Damaged => isDamaged(one)),
  };
}

/** As the adapter reads whole items. */
export const recordsOf = (table: Table, items: readonly InstanceRecord[]): Found<InstanceRecord> =>
  sorted(items.map((item) => decoded(table, item)));

/** As the adapter reads an index: only what that projects is looked at. */
export const listingsOf = (
  table: Table,
  items: readonly InstanceRecord[],
  names: readonly (keyof InstanceRecord)[],
): Found<InstanceRecord> =>
  sorted(items.map((item) => (table.isForged(item.key) ? decodeListing<keyof InstanceRecord>(item, names) : item)));

/** The record of an item that a reply carries; a damaged one decides nothing. */
export function recordIn(table: Table, item: InstanceRecord | undefined): InstanceRecord | undefined | Unknown {
  if (item === undefined) return undefined;
  const record = decoded(table, item);
  return isDamaged(record)
    ? { kind: "unknown", problem: `the item ${record.key} is damaged: ${record.problem}` }
    : record;
}
