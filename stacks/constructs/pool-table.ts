// The table: one item an instance, and the environment's configuration. Key and indexes are domain/table.ts's.
import type { TerraformStack } from "cdktf";
import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table/index.js";
import { tableName } from "../../domain/names.ts";
import { table } from "../../domain/table.ts";
import type { Environment } from "../environment/environment.ts";

export function makeTable(stack: TerraformStack, { name, kmsKeyArn, protect }: Environment): DynamodbTable {
  return new DynamodbTable(stack, "records", {
    name: tableName(name),
    billingMode: "PAY_PER_REQUEST",
    hashKey: table.key,
    attribute: Object.entries(table.attributes).map(([attribute, type]) => ({ name: attribute, type })),
    globalSecondaryIndex: Object.values(table.indexes).map((index) => ({
      name: index.name,
      hashKey: index.hash,
      ...(index.range === undefined ? {} : { rangeKey: index.range }),
      projectionType: "INCLUDE",
      nonKeyAttributes: [...index.projects],
    })),
    ttl: { attributeName: table.ttl, enabled: true },
    pointInTimeRecovery: { enabled: true },
    serverSideEncryption: { enabled: true, ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }) },
    deletionProtectionEnabled: protect,
  });
}
