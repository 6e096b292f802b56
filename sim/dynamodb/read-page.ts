// One page of a Query or Scan: from where to where, how far, what passes the filter.
import { invalid, readItem, typeOf, type Item } from "./attribute-value.ts";
import { namesOf } from "./keys.ts";
import { comparePositions, firstWhere, positionOf, type Position, type Row } from "./rows.ts";
import { keyOf, type IndexSpec } from "./index-rows.ts";
import { type Table } from "./table.ts";

/** Developer Guide, "Paginating table query results": a page ends when it has read 1 MB. */
const pageMostBytes = 1024 * 1024;

export interface Page {
  readonly items: readonly Item[];
  readonly scanned: number;
  /** The last row looked at, where there may be more. */
  readonly last?: Row;
}

export interface PageOptions {
  readonly rows: readonly Row[];
  /** The rows in question: from index `low` up to, without, `high`. */
  readonly low: number;
  readonly high: number;
  readonly forward: boolean;
  readonly limit: number;
  readonly after?: Position;
  readonly passes: (item: Item) => boolean;
}

export function readPage({ rows, low, high, forward, limit, after, passes }: PageOptions): Page {
  let [from, to] = [low, high];
  if (after && forward)
    from = Math.max(
      low,
      firstWhere(rows, (row) => comparePositions(row.at, after) > 0),
    );
  if (after && !forward)
    to = Math.min(
      high,
      firstWhere(rows, (row) => comparePositions(row.at, after) >= 0),
    );
  const items: Item[] = [];
  let scanned = 0;
  let bytes = 0;
  for (let n = from; n < to; n++) {
    const row = rows[forward ? n : to - 1 - (n - from)] as Row;
    scanned += 1;
    bytes += row.size;
    if (passes(row.item)) items.push(row.item);
    // A page that ends by its limit names its last key even when nothing follows, as the service does.
    if (scanned === limit || bytes >= pageMostBytes) return { items, scanned, last: row };
  }
  return { items, scanned };
}

/** The key that continues after a row: the table's key, and an index's own. */
export const continuation = (row: Row, table: Table, index: IndexSpec | undefined): Item => ({
  ...keyOf(row.item, table.spec.keys),
  ...(index && keyOf(row.item, index.keys)),
});

/** Reads ExclusiveStartKey. Throws ValidationException. */
export function readStart(input: unknown, table: Table, index: IndexSpec | undefined): Position {
  const given = readItem(input);
  const names = new Set([...namesOf(table.spec.keys), ...(index ? namesOf(index.keys) : [])]);
  const fits = [...names].every((name) => {
    const value = given[name];
    return value !== undefined && typeOf(value) === table.spec.types[name];
  });
  const own = fits ? positionOf(given, table.spec.keys) : undefined;
  const at = index && own ? positionOf(given, index.keys, own) : own;
  if (!at || Object.keys(given).length !== names.size) throw invalid("The provided starting key is invalid");
  return at;
}
