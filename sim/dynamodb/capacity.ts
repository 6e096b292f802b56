// Consumed capacity, where a call asks for it.
import { choiceOf, type Input } from "./context.ts";
import type { Table } from "./table.ts";

/** Units one call took of a table, and of each index it touched. */
export interface Units {
  readonly table: number;
  readonly indexes: Readonly<Record<string, number>>;
}

/** Read units: 4 KB each, half when eventually consistent (Developer Guide, "DynamoDB read and write operations"). */
export const readUnits = (bytes: number, consistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);

/** Write units: 1 KB each, of the larger image. */
export const writeUnits = (...bytes: readonly number[]): number => Math.max(1, Math.ceil(Math.max(...bytes) / 1024));

export const addUnits = (a: Units, b: Units): Units => {
  const indexes: Record<string, number> = { ...a.indexes };
  for (const [name, units] of Object.entries(b.indexes)) indexes[name] = (indexes[name] ?? 0) + units;
  return { table: a.table + b.table, indexes };
};

function shown(table: Table, units: Units, detailed: boolean): Record<string, unknown> {
  const all = Object.values(units.indexes).reduce((total, one) => total + one, units.table);
  const total = { TableName: table.spec.name, CapacityUnits: all };
  if (!detailed) return total;
  const held = table.spec.indexes.filter(({ name }) => units.indexes[name] !== undefined);
  const indexes = Object.fromEntries(held.map(({ name }) => [name, { CapacityUnits: units.indexes[name] }]));
  return {
    ...total,
    Table: { CapacityUnits: units.table },
    ...(held.length > 0 && { GlobalSecondaryIndexes: indexes }),
  };
}

const detailOf = (input: Input): "INDEXES" | "TOTAL" | "NONE" =>
  choiceOf(input, "ReturnConsumedCapacity", ["INDEXES", "TOTAL", "NONE"]) ?? "NONE";

/** The reply's `ConsumedCapacity` member for one table, or nothing. */
export function consumed(input: Input, table: Table, units: Units): { ConsumedCapacity?: unknown } {
  const asked = detailOf(input);
  return asked === "NONE" ? {} : { ConsumedCapacity: shown(table, units, asked === "INDEXES") };
}

/** The same for a call over several tables. */
export function consumedByAll(input: Input, all: ReadonlyMap<Table, Units>): { ConsumedCapacity?: unknown } {
  const asked = detailOf(input);
  if (asked === "NONE") return {};
  return { ConsumedCapacity: [...all].map(([table, units]) => shown(table, units, asked === "INDEXES")) };
}
