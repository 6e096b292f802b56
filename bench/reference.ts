// The reference: what a client of the SDK with the fewest calls and nothing else needs. No misfits, no duplicates, no failures, no rollback.
import {
  BatchGetItemCommand,
  GetItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";

export interface ReferenceOptions {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly table: string;
  readonly queueUrl: string;
  /** Value of the pool index's key. */
  readonly pool: string;
}

/** How many are there whose type begins so: one query. */
export async function look({ dynamodb, table, pool }: ReferenceOptions, type = ""): Promise<number> {
  const { Count } = await dynamodb.send(
    new QueryCommand({
      TableName: table,
      IndexName: "by-pool",
      KeyConditionExpression: "#pool = :pool AND #threshold > :now",
      FilterExpression: "begins_with(#type, :type)",
      ExpressionAttributeNames: { "#pool": "pool", "#threshold": "threshold", "#type": "instanceType" },
      ExpressionAttributeValues: { ":pool": { S: pool }, ":now": { N: String(Date.now()) }, ":type": { S: type } },
    }),
  );
  return Count ?? 0;
}

const writeOf = ({ table }: ReferenceOptions, key: string, from: string, to: string, owner: string) => ({
  TableName: table,
  Key: { key: { S: key } },
  UpdateExpression: "SET #state = :to, #owner = :owner, #wanted = :serve ADD #assignment :one",
  ConditionExpression: "#state = :from",
  ExpressionAttributeNames: { "#state": "state", "#owner": "owner", "#wanted": "wanted", "#assignment": "assignment" },
  ExpressionAttributeValues: {
    ":to": { S: to },
    ":from": { S: from },
    ":owner": { S: owner },
    ":serve": { S: "serve" },
    ":one": { N: "1" },
  },
});

/** One conditional write. */
export const move = (options: ReferenceOptions, key: string, from: string, to: string, owner: string) =>
  options.dynamodb.send(new UpdateItemCommand(writeOf(options, key, from, to, owner)));

/** The configuration, the receives and the claims; deletes the messages off the critical path. Gives the keys won. */
export async function take(
  options: ReferenceOptions,
  wanted: number,
  owner: string,
): Promise<{ readonly keys: readonly string[]; readonly deleted: Promise<unknown> }> {
  const { dynamodb, sqs, table, queueUrl } = options;
  const configuration = dynamodb.send(
    new GetItemCommand({ TableName: table, Key: { key: { S: "configuration#defaults" } } }),
  );
  const keys: string[] = [];
  const deletes: Promise<unknown>[] = [];
  let left = wanted;
  const some = async (): Promise<void> => {
    const MaxNumberOfMessages = Math.min(10, left);
    left -= MaxNumberOfMessages;
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages }));
    await configuration;
    const won = await Promise.all(
      Messages.map(async ({ Body, ReceiptHandle }, index) => {
        const { key } = JSON.parse(Body ?? "{}") as { key: string };
        await move(options, key, "idle", "claimed", owner);
        keys.push(key);
        return { Id: String(index), ReceiptHandle };
      }),
    );
    if (won.length > 0) deletes.push(sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: won })));
  };
  await Promise.all(Array.from({ length: Math.ceil(wanted / 10) }, some));
  return { keys, deleted: Promise.all(deletes) };
}

/** One read of all, and all started at once: nobody else writes them. */
export async function start(options: ReferenceOptions, keys: readonly string[], owner: string): Promise<void> {
  const Keys = keys.map((key) => ({ key: { S: key } }));
  await options.dynamodb.send(
    new BatchGetItemCommand({ RequestItems: { [options.table]: { Keys, ConsistentRead: true } } }),
  );
  const TransactItems = keys.map((key) => ({ Update: writeOf(options, key, "claimed", "running", owner) }));
  await options.dynamodb.send(new TransactWriteItemsCommand({ TransactItems }));
}
