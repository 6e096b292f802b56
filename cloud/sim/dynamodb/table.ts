// One table's items and indexes in memory, with its time to live and a short journal for stale index reads.
import type { EpochMs } from "../../ports.ts";
import { equalItems, itemSize, type AttributeValue, type Item } from "./attribute-value.ts";
import { insertRow, positionOf, removeRow, type KeySchema, type Position, type Row } from "./rows.ts";

export interface IndexSpec {
  readonly name: string;
  readonly keys: KeySchema;
  readonly projection: "ALL" | "KEYS_ONLY" | "INCLUDE";
  readonly include: readonly string[];
  readonly local: boolean;
}

export interface TableSpec {
  readonly name: string;
  readonly keys: KeySchema;
  /** The types of the key attributes: S, N or B. */
  readonly types: Readonly<Record<string, string>>;
  readonly indexes: readonly IndexSpec[];
  readonly billing: "PAY_PER_REQUEST" | "PROVISIONED";
  readonly capacity: { readonly read: number; readonly write: number };
  readonly createdAt: EpochMs;
  readonly id: string;
  readonly arn: string;
}

/** One committed write: `before` absent = created, `after` absent = deleted. */
export interface Change {
  readonly table: string;
  readonly key: Item;
  readonly before?: Item;
  readonly after?: Item;
  readonly at: EpochMs;
  readonly cause: "call" | "ttl";
}

export interface Table {
  readonly spec: TableSpec;
  get(key: Item): Item | undefined;
  /** Replaces, creates or (with undefined) deletes; answers the write units each touched index took. */
  write(key: Item, after: Item | undefined, cause?: Change["cause"]): Record<string, number>;
  /** Rows of the table, or of an index, in order. Not to be changed. */
  rows(index?: IndexSpec): readonly Row[];
  /** An index's rows as they were some time ago. */
  rowsAsOf(index: IndexSpec, then: EpochMs): readonly Row[];
  /** Deletes what time to live says has passed. */
  expire(): void;
  timeToLive: string | undefined;
  pointInTimeRecovery: boolean;
  readonly tags: Map<string, string>;
}

/** How far back a stale index read may look. */
export const stalenessMostMs = 5_000;
/** Time to live leaves alone what expired longer ago than this (Developer Guide, "Using time to live"). */
const ttlOldestMs = 5 * 365 * 86_400_000;

const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));

/** The part of an item which an index holds. */
export function projected(item: Item, index: IndexSpec, table: KeySchema): Item {
  if (index.projection === "ALL") return item;
  const names = [table.hash, table.range, index.keys.hash, index.keys.range, ...index.include];
  const held: Record<string, AttributeValue> = {};
  for (const name of names) {
    const value = name === undefined ? undefined : item[name];
    if (name !== undefined && value) held[name] = value;
  }
  return held;
}

/** The item's key attributes only. */
export const keyOf = (item: Item, keys: KeySchema): Item => {
  const key: Record<string, AttributeValue> = {};
  for (const name of [keys.hash, keys.range]) {
    const value = name === undefined ? undefined : item[name];
    if (name !== undefined && value) key[name] = value;
  }
  return key;
};

export function openTable(spec: TableSpec, now: () => EpochMs, onChange: (change: Change) => void): Table {
  const items = new Map<string, Item>();
  const rows: Row[] = [];
  const indexRows = new Map<string, Row[]>(spec.indexes.map((index) => [index.name, []]));
  const journal: Change[] = [];
  const tags = new Map<string, string>();
  let timeToLive: string | undefined;
  /** No item expires before this moment. */
  let soonest = Infinity;

  const textOf = (key: Item): string => JSON.stringify([key[spec.keys.hash], spec.keys.range && key[spec.keys.range]]);
  const place = (item: Item): Position => positionOf(item, spec.keys) as Position;
  const entry = (item: Item | undefined, index: IndexSpec): Row | undefined => {
    const at = item && positionOf(item, index.keys, place(item));
    if (!item || !at) return undefined;
    const held = projected(item, index, spec.keys);
    return { at, item: held, size: itemSize(held) };
  };
  const expiry = (item: Item): EpochMs => {
    const value = timeToLive === undefined ? undefined : item[timeToLive];
    return value && "N" in value ? Number(value.N) * 1000 : Infinity;
  };

  function writeIndex(index: IndexSpec, before: Item | undefined, after: Item | undefined): number {
    const held = indexRows.get(index.name) as Row[];
    const [old, fresh] = [entry(before, index), entry(after, index)];
    if (old && fresh && equalItems(old.item, fresh.item)) return 0;
    if (old) removeRow(held, old.at);
    if (fresh) insertRow(held, fresh);
    const moved = old && fresh && !equalItems(keyOf(old.item, index.keys), keyOf(fresh.item, index.keys));
    if (moved) return writeUnits(old.size) + writeUnits(fresh.size);
    return old || fresh ? writeUnits(Math.max(old?.size ?? 0, fresh?.size ?? 0)) : 0;
  }

  function write(key: Item, after: Item | undefined, cause: Change["cause"] = "call"): Record<string, number> {
    const text = textOf(key);
    const before = items.get(text);
    if (!before && !after) return {};
    const at = now();
    if (after) {
      items.set(text, after);
      insertRow(rows, { at: place(after), item: after, size: itemSize(after) });
      soonest = Math.min(soonest, expiry(after));
    } else {
      items.delete(text);
      removeRow(rows, place(key));
    }
    const touched: Record<string, number> = {};
    for (const index of spec.indexes) {
      const units = writeIndex(index, before, after);
      if (units > 0) touched[index.name] = units;
    }
    const bareKey = keyOf(key, spec.keys);
    const change: Change = {
      table: spec.name,
      key: bareKey,
      ...(before && { before }),
      ...(after && { after }),
      at,
      cause,
    };
    while (journal[0] && journal[0].at < at - stalenessMostMs) journal.shift();
    journal.push(change);
    onChange(change);
    return touched;
  }

  function expire(): void {
    const at = now();
    if (at < soonest) return;
    const past = (item: Item): boolean => expiry(item) <= at && expiry(item) > at - ttlOldestMs;
    for (const { item } of rows.filter((row) => past(row.item))) write(keyOf(item, spec.keys), undefined, "ttl");
    soonest = Infinity;
    for (const { item } of rows) if (expiry(item) > at) soonest = Math.min(soonest, expiry(item));
  }

  function rowsAsOf(index: IndexSpec, then: EpochMs): readonly Row[] {
    const current = indexRows.get(index.name) as Row[];
    const since = journal.filter((change) => change.at > then);
    if (since.length === 0) return current;
    const rowsThen = [...current];
    for (const { before, after } of since.reverse()) {
      const [old, fresh] = [entry(before, index), entry(after, index)];
      if (fresh) removeRow(rowsThen, fresh.at);
      if (old) insertRow(rowsThen, old);
    }
    return rowsThen;
  }

  return {
    spec,
    get: (key) => items.get(textOf(key)),
    write,
    rows: (index) => (index ? (indexRows.get(index.name) as Row[]) : rows),
    rowsAsOf,
    expire,
    get timeToLive() {
      return timeToLive;
    },
    set timeToLive(attribute) {
      timeToLive = attribute;
      soonest = attribute === undefined ? Infinity : 0;
    },
    pointInTimeRecovery: false,
    tags,
  };
}
