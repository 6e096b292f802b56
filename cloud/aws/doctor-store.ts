// What the environment keeps, as the doctor sees it: the table, the queues, when a secret was written.
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { KeySeen, QueueSeen, StoreReader, TableSeen } from "../ports/doctor.ts";
import { look, lookAt } from "./doctor-look.ts";

export interface StoreOptions {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
}

const keyOf = (schema: readonly KeySchemaElement[] = []): KeySeen => {
  const named = (type: string): string | undefined => schema.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const range = named("RANGE");
  return { hash: named("HASH") ?? "", ...(range === undefined ? {} : { range }) };
};

const shapeOf = ({ KeySchema, AttributeDefinitions = [], GlobalSecondaryIndexes = [] }: TableDescription) => ({
  key: keyOf(KeySchema),
  attributes: Object.fromEntries(
    AttributeDefinitions.map(({ AttributeName = "", AttributeType = "" }) => [AttributeName, AttributeType]),
  ),
  indexes: Object.fromEntries(
    GlobalSecondaryIndexes.map(({ IndexName = "", KeySchema: keys, Projection }) => [
      IndexName,
      {
        ...keyOf(keys),
        projects: Projection?.ProjectionType === "ALL" ? ("everything" as const) : (Projection?.NonKeyAttributes ?? []),
      },
    ]),
  ),
});

async function table(client: DynamoDBClient, TableName: string): Promise<TableSeen | undefined> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  if (Table === undefined) return undefined;
  const [ttl, pointInTimeRecovery] = await Promise.all([
    lookAt("dynamodb:DescribeTimeToLive", async () => {
      const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
      const on = (TimeToLiveDescription?.TimeToLiveStatus ?? "").startsWith("ENABL");
      return on ? TimeToLiveDescription?.AttributeName : undefined;
    }),
    lookAt("dynamodb:DescribeContinuousBackups", async () => {
      const { ContinuousBackupsDescription: backups } = await client.send(
        new DescribeContinuousBackupsCommand({ TableName }),
      );
      return backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === "ENABLED";
    }),
  ]);
  return { ...shapeOf(Table), ttl, pointInTimeRecovery };
}

const second = 1000;

async function queue(client: SQSClient, QueueUrl: string): Promise<QueueSeen> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] });
  const { Attributes: found = {} } = await client.send(command);
  const numbers = [
    found.ApproximateNumberOfMessages,
    found.ApproximateNumberOfMessagesNotVisible,
    found.ApproximateNumberOfMessagesDelayed,
  ];
  return {
    retentionMs: Number(found.MessageRetentionPeriod ?? 0) * second,
    messages: numbers.reduce((sum, number) => sum + Number(number ?? 0), 0),
    redrives: found.RedrivePolicy !== undefined,
  };
}

export const storeReader = ({ dynamodb, sqs, ssm }: StoreOptions): StoreReader => ({
  table: (name) =>
    look("dynamodb:DescribeTable", () => table(dynamodb, name), [
      "ResourceNotFoundException",
      "TableNotFoundException",
    ]),
  queue: (url) =>
    look("sqs:GetQueueAttributes", () => queue(sqs, url), [
      "QueueDoesNotExist",
      "AWS.SimpleQueueService.NonExistentQueue",
    ]),
  secretWrittenAt: (name) =>
    look(
      "ssm:GetParameter",
      async () => {
        const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: false }));
        return Parameter?.LastModifiedDate?.getTime();
      },
      ["ParameterNotFound"],
    ),
});
