// A table as DescribeTable shows it.
import type { KeySchema } from "./rows.ts";
import type { IndexSpec } from "./index-rows.ts";
import type { Table } from "./table.ts";

const keySchema = (keys: KeySchema): unknown[] => [
  { AttributeName: keys.hash, KeyType: "HASH" },
  ...(keys.range === undefined ? [] : [{ AttributeName: keys.range, KeyType: "RANGE" }]),
];

const bytes = (table: Table, index?: IndexSpec): number =>
  table.rows(index).reduce((total, row) => total + row.size, 0);

function describeIndex(table: Table, index: IndexSpec, status: string): Record<string, unknown> {
  const { capacity, arn } = table.spec;
  return {
    IndexName: index.name,
    KeySchema: keySchema(index.keys),
    Projection: {
      ProjectionType: index.projection,
      ...(index.include.length > 0 && { NonKeyAttributes: index.include }),
    },
    ...(!index.local && { IndexStatus: status, ProvisionedThroughput: throughput(capacity) }),
    IndexSizeBytes: bytes(table, index),
    ItemCount: table.rows(index).length,
    IndexArn: `${arn}/index/${index.name}`,
  };
}

const throughput = (capacity: { read: number; write: number }): unknown => ({
  NumberOfDecreasesToday: 0,
  ReadCapacityUnits: capacity.read,
  WriteCapacityUnits: capacity.write,
});

/** Counts and sizes are exact here; the real ones are renewed every six hours. */
export function describe(table: Table, status: "CREATING" | "ACTIVE" | "DELETING"): Record<string, unknown> {
  const { spec } = table;
  const created = spec.createdAt / 1000;
  const indexes = (local: boolean): unknown[] =>
    spec.indexes.filter((index) => index.local === local).map((index) => describeIndex(table, index, status));
  const [global, local] = [indexes(false), indexes(true)];
  return {
    TableName: spec.name,
    TableArn: spec.arn,
    TableId: spec.id,
    TableStatus: status,
    KeySchema: keySchema(spec.keys),
    AttributeDefinitions: Object.entries(spec.types).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    CreationDateTime: created,
    ItemCount: table.rows().length,
    TableSizeBytes: bytes(table),
    ProvisionedThroughput: throughput(spec.capacity),
    ...(spec.billing === "PAY_PER_REQUEST" && {
      BillingModeSummary: { BillingMode: spec.billing, LastUpdateToPayPerRequestDateTime: created },
    }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global }),
    ...(local.length > 0 && { LocalSecondaryIndexes: local }),
    DeletionProtectionEnabled: false,
  };
}
