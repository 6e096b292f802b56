// The rows of one secondary index, kept as its table is written.
import { equalItems, itemSize, type AttributeValue, type Item } from "./attribute-value.ts";
import { insertRow, positionOf, removeRow, type KeySchema, type Row } from "./rows.ts";

export interface IndexSpec {
  readonly name: string;
  readonly keys: KeySchema;
  readonly projection: "ALL" | "KEYS_ONLY" | "INCLUDE";
  readonly include: readonly string[];
}

/** A write as an index sees it: `before` absent = created, `after` absent = deleted. */
export interface Images {
  readonly before?: Item;
  readonly after?: Item;
}

export interface IndexRows {
  /** In order; not to be changed. */
  readonly rows: readonly Row[];
  /** Follows a write of the table. */
  follow(images: Images): void;
  /** The rows without the given writes, the latest first. */
  without(writes: readonly Images[]): readonly Row[];
}

/** The part of an item which an index holds. */
function projected(item: Item, index: IndexSpec, table: KeySchema): Item {
  if (index.projection === "ALL") return item;
  const held: Record<string, AttributeValue> = {};
  for (const name of [table.hash, table.range, index.keys.hash, index.keys.range, ...index.include]) {
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

export function openIndexRows(index: IndexSpec, table: KeySchema): IndexRows {
  const rows: Row[] = [];
  /** The item's row; none where it lacks a key attribute of the index. */
  const rowOf = (item: Item | undefined): Row | undefined => {
    const at = item && positionOf(item, index.keys, positionOf(item, table));
    if (!item || !at) return undefined;
    const held = projected(item, index, table);
    return { at, item: held, size: itemSize(held) };
  };
  return {
    rows,
    follow({ before, after }) {
      const [old, fresh] = [rowOf(before), rowOf(after)];
      if (old && fresh && equalItems(old.item, fresh.item)) return;
      if (old) removeRow(rows, old.at);
      if (fresh) insertRow(rows, fresh);
    },
    without(writes) {
      const earlier = [...rows];
      for (const { before, after } of writes) {
        const [old, fresh] = [rowOf(before), rowOf(after)];
        if (fresh) removeRow(earlier, fresh.at);
        if (old) insertRow(earlier, old);
      }
      return earlier;
    },
  };
}
