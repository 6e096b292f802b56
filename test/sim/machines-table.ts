// The table of the DynamoDB tests: one hash key, indexes of every projection.
import { CreateTableCommand, type CreateTableCommandInput, type DynamoDBClient } from "@aws-sdk/client-dynamodb";

export const TableName = "machines";

export const machines: CreateTableCommandInput = {
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  AttributeDefinitions: [
    { AttributeName: "id", AttributeType: "S" },
    { AttributeName: "runId", AttributeType: "S" },
    { AttributeName: "poolKey", AttributeType: "S" },
    { AttributeName: "threshold", AttributeType: "N" },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: "run",
      KeySchema: [{ AttributeName: "runId", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
    {
      IndexName: "pool",
      KeySchema: [
        { AttributeName: "poolKey", KeyType: "HASH" },
        { AttributeName: "threshold", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["version"] },
    },
    {
      IndexName: "by-key",
      KeySchema: [{ AttributeName: "poolKey", KeyType: "HASH" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["threshold"] },
    },
  ],
};

export const createMachines = (dynamo: DynamoDBClient) => dynamo.send(new CreateTableCommand(machines));
