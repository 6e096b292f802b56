// One table's items and indexes in memory, with its time to live and a short journal for stale index reads.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { itemSize, type Item } from "./attribute-value.ts";
import { keyOf, openIndexRows, type Images, type IndexRows, type IndexSpec } from "./index-rows.ts";
import { insertRow, positionOf, removeRow, type KeySchema, type Position, type Row } from "./rows.ts";

export interface TableSpec {
  readonly name: string;
  readonly keys: KeySchema;
  /** The types of the key attributes: S or N. */
  readonly types: Readonly<Record<string, string>>;
  readonly indexes: readonly IndexSpec[];
  readonly createdAt: EpochMs;
  readonly id: string;
  readonly arn: string;
}

/** One committed write: `before` absent = created, `after` absent = deleted. */
export interface Change extends Images {
  readonly table: string;
  readonly key: Item;
  readonly at: EpochMs;
  readonly cause: "call" | "ttl";
}

export interface Table {
  readonly spec: TableSpec;
  get(key: Item): Item | undefined;
  /** Replaces, creates or (with undefined) deletes. */
  write(key: Item, after: Item | undefined, cause?: Change["cause"]): void;
  /** Rows of the table, or of an index, in order. Not to be changed. */
  rows(index?: IndexSpec): readonly Row[];
  /** An index's rows as they were at a moment no longer ago than `stalenessMostMs`. */
  rowsAsOf(index: IndexSpec, then: EpochMs): readonly Row[];
  /** Deletes what time to live says has passed. */
  expire(): void;
  /** The attribute of time to live, in seconds since the epoch; undefined = switched off. */
  timeToLive: string | undefined;
  pointInTimeRecovery: boolean;
}

/** How far back a stale index read may look. */
export const stalenessMostMs = 5_000;
/** Time to live leaves alone what expired longer ago than this (Developer Guide, "Using time to live"). */
const ttlOldestMs = 5 * 365 * 86_400_000;

/** The latest writes, for looking back. */
function openJournal() {
  const changes: Change[] = [];
  return {
    note(change: Change): void {
      while (changes[0] && changes[0].at < change.at - stalenessMostMs) changes.shift();
      changes.push(change);
    },
    /** The writes after a moment, the latest first. */
    since: (then: EpochMs): Change[] => changes.filter((change) => change.at > then).reverse(),
  };
}

/** The items by key, and in order. */
function openItems(keys: KeySchema) {
  const byKey = new Map<string, Item>();
  const rows: Row[] = [];
  const textOf = (key: Item): string => JSON.stringify([key[keys.hash], keys.range && key[keys.range]]);
  return {
    rows: rows as readonly Row[],
    get: (key: Item): Item | undefined => byKey.get(textOf(key)),
    put(item: Item): void {
      byKey.set(textOf(item), item);
      insertRow(rows, { at: positionOf(item, keys) as Position, item, size: itemSize(item) });
    },
    remove(key: Item): void {
      byKey.delete(textOf(key));
      removeRow(rows, positionOf(key, keys) as Position);
    },
  };
}

export function openTable(spec: TableSpec, now: () => EpochMs, onChange: (change: Change) => void): Table {
  const items = openItems(spec.keys);
  const indexes = new Map(spec.indexes.map((index) => [index.name, openIndexRows(index, spec.keys)]));
  const journal = openJournal();
  let timeToLive: string | undefined;
  /** No item expires before this moment. */
  let soonest = Infinity;

  const expiry = (item: Item): EpochMs => {
    const value = timeToLive === undefined ? undefined : item[timeToLive];
    return value && "N" in value ? Number(value.N) * 1000 : Infinity;
  };
  const indexRows = (index: IndexSpec): IndexRows => indexes.get(index.name) as IndexRows;

  function write(key: Item, after: Item | undefined, cause: Change["cause"] = "call"): void {
    const before = items.get(key);
    if (!before && !after) return;
    if (after) items.put(after);
    else items.remove(key);
    if (after) soonest = Math.min(soonest, expiry(after));
    const images: Images = { ...(before && { before }), ...(after && { after }) };
    for (const index of indexes.values()) index.follow(images);
    const change: Change = { table: spec.name, key: keyOf(key, spec.keys), ...images, at: now(), cause };
    journal.note(change);
    onChange(change);
  }

  function expire(): void {
    const at = now();
    if (at < soonest) return;
    const past = (item: Item): boolean => expiry(item) <= at && expiry(item) > at - ttlOldestMs;
    const gone = items.rows.filter((row) => past(row.item));
    for (const { item } of gone) write(keyOf(item, spec.keys), undefined, "ttl");
    soonest = Infinity;
    for (const { item } of items.rows) if (expiry(item) > at) soonest = Math.min(soonest, expiry(item));
  }

  return {
    spec,
    get: items.get,
    write,
    rows: (index) => (index ? indexRows(index).rows : items.rows),
    rowsAsOf: (index, then) => indexRows(index).without(journal.since(then)),
    expire,
    get timeToLive() {
      return timeToLive;
    },
    set timeToLive(attribute) {
      timeToLive = attribute;
      soonest = attribute === undefined ? Infinity : 0;
    },
    pointInTimeRecovery: false,
  };
}
