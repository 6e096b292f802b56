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
  return {
    IndexName: index.name,
    KeySchema: keySchema(index.keys),
    Projection: {
      ProjectionType: index.projection,
      ...(index.include.length > 0 && { NonKeyAttributes: index.include }),
    },
    IndexStatus: status,
    ProvisionedThroughput: throughput,
    IndexSizeBytes: bytes(table, index),
    ItemCount: table.rows(index).length,
    IndexArn: `${table.spec.arn}/index/${index.name}`,
  };
}

const throughput = { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 };

/** Counts and sizes are exact here; the real ones are renewed every six hours. */
export function describe(table: Table, status: "CREATING" | "ACTIVE" | "DELETING"): Record<string, unknown> {
  const { spec } = table;
  const created = spec.createdAt / 1000;
  const indexes = spec.indexes.map((index) => describeIndex(table, index, status));
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
    ProvisionedThroughput: throughput,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST", LastUpdateToPayPerRequestDateTime: created },
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
    DeletionProtectionEnabled: false,
  };
}
