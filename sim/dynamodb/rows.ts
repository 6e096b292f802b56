// Rows in DynamoDB's order: by a hash of the partition key, then by sort key. Serves tables and indexes alike.
import { hash32 } from "../../domain/fingerprint.ts";
import { compareText, orderOf, type AttributeValue, type Item } from "./attribute-value.ts";

/** Where a row stands. An index has many rows with equal keys: `tie` is the table's own position then. */
export interface Position {
  /** A hash: a scan comes in no useful order, as in the real service. */
  readonly slot: number;
  readonly hash: string;
  readonly range?: AttributeValue;
  readonly tie?: Position;
}

export interface Row {
  readonly at: Position;
  readonly item: Item;
  /** Bytes of the item as this table or index holds it. */
  readonly size: number;
}

export interface KeySchema {
  readonly hash: string;
  readonly range?: string;
}

const scalarText = (value: AttributeValue): string => Object.entries(value)[0]?.join(":") ?? "";

/** The position of an item by a key schema; undefined when it lacks a key attribute (a sparse index leaves it out). */
export function positionOf(item: Item, keys: KeySchema, tie?: Position): Position | undefined {
  const hash = item[keys.hash];
  const range = keys.range === undefined ? undefined : item[keys.range];
  if (!hash || (keys.range !== undefined && !range)) return undefined;
  const text = scalarText(hash);
  return { slot: hash32(text), hash: text, ...(range && { range }), ...(tie && { tie }) };
}

/** The partition an equality on the hash key selects. */
export const partitionOf = (hash: AttributeValue): Pick<Position, "slot" | "hash"> => {
  const text = scalarText(hash);
  return { slot: hash32(text), hash: text };
};

export const comparePartitions = (a: Pick<Position, "slot" | "hash">, b: Pick<Position, "slot" | "hash">): number =>
  a.slot - b.slot || compareText(a.hash, b.hash);

export function comparePositions(a: Position, b: Position): number {
  const partitions = comparePartitions(a, b);
  if (partitions !== 0) return partitions;
  const ranges = a.range && b.range ? (orderOf(a.range, b.range) ?? 0) : 0;
  if (ranges !== 0) return ranges;
  return a.tie && b.tie ? comparePositions(a.tie, b.tie) : 0;
}

/** The first index at which `reached` is true; it must be false, then true, along the rows. */
export function firstWhere(rows: readonly Row[], reached: (row: Row) => boolean): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(rows[middle] as Row)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Puts a row in its place (replacing one at the same position). */
export function insertRow(rows: Row[], row: Row): void {
  const index = firstWhere(rows, (other) => comparePositions(other.at, row.at) >= 0);
  const there = rows[index];
  rows.splice(index, there && comparePositions(there.at, row.at) === 0 ? 1 : 0, row);
}

export function removeRow(rows: Row[], at: Position): void {
  const index = firstWhere(rows, (other) => comparePositions(other.at, at) >= 0);
  const there = rows[index];
  if (there && comparePositions(there.at, at) === 0) rows.splice(index, 1);
}
