// Tables, batches, transactions and time to live, seen through the real SDK client.
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  PutItemCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type AttributeValue,
  type BatchGetItemCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMachines, machines, TableName } from "./machines-table.ts";
import { openTestCloud, type TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await openTestCloud();
  await createMachines(cloud.dynamo);
});
afterEach(() => cloud.close());

const put = (Item: Record<string, AttributeValue>) => cloud.dynamo.send(new PutItemCommand({ TableName, Item }));
const get = async (id: string) =>
  (await cloud.dynamo.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }))).Item;

test("a table is described as it was created", async () => {
  await waitUntilTableExists({ client: cloud.dynamo, maxWaitTime: 30 }, { TableName });
  await put({ id: { S: "i-1" }, runId: { S: "1" } });
  const { Table } = await cloud.dynamo.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({
    TableArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/machines",
    TableStatus: "ACTIVE",
    KeySchema: machines.KeySchema,
    ItemCount: 1,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    CreationDateTime: new Date(cloud.clock.now()),
  });
  const shape = (index: { IndexName?: unknown; KeySchema?: unknown; Projection?: unknown }) => ({
    IndexName: index.IndexName,
    KeySchema: index.KeySchema,
    Projection: index.Projection,
  });
  expect(Table?.GlobalSecondaryIndexes?.map(shape)).toEqual(machines.GlobalSecondaryIndexes?.map(shape));
});

test("a table is created once, and gone when deleted", async () => {
  await expect(createMachines(cloud.dynamo)).rejects.toThrow(ResourceInUseException);
  await cloud.dynamo.send(new DeleteTableCommand({ TableName }));
  await expect(get("i-1")).rejects.toThrow(ResourceNotFoundException);
  expect(cloud.db.tables()).toEqual([]);
});

test("an attribute definition without a key is refused, and a key without a definition", async () => {
  const definitions = machines.AttributeDefinitions ?? [];
  const create = (AttributeDefinitions: typeof definitions) =>
    cloud.dynamo.send(new CreateTableCommand({ ...machines, TableName: "other", AttributeDefinitions }));
  await expect(create([...definitions, { AttributeName: "spare", AttributeType: "S" }])).rejects.toThrow(
    "does not exactly match",
  );
  await expect(create(definitions.slice(1))).rejects.toThrow("not defined in AttributeDefinitions. Keys: [id]");
});

const flawed: [string, Record<string, AttributeValue>, string][] = [
  ["a key of the wrong type", { id: { N: "1" } }, "Type mismatch for key id expected: S actual: N"],
  ["no key", { runId: { S: "1" } }, "Missing the key id in the item"],
  ["an empty key", { id: { S: "" } }, "cannot contain an empty string value. Key: id"],
  ["an empty index key", { id: { S: "i" }, runId: { S: "" } }, "IndexName: run, IndexKey: runId"],
  [
    "an index key of the wrong type",
    { id: { S: "i" }, threshold: { S: "1" } },
    "Type mismatch for Index Key threshold Expected: N Actual: S",
  ],
  [
    "a number that is none",
    { id: { S: "i" }, n: { N: "one" } },
    "The parameter cannot be converted to a numeric value: one",
  ],
  ["too many digits", { id: { S: "i" }, n: { N: "1".repeat(39) } }, "more than 38 significant digits"],
  ["a number too large", { id: { S: "i" }, n: { N: "1e126" } }, "Number overflow"],
  ["a set", { id: { S: "i" }, s: { SS: ["a"] } }, "no values of type SS"],
  [
    "too many bytes",
    { id: { S: "i" }, body: { S: "x".repeat(410_000) } },
    "Item size has exceeded the maximum allowed size",
  ],
];
test.each(flawed)("an item with %s is refused", async (_, item, message) => {
  await expect(put(item)).rejects.toThrow(message);
});

test("a key must be the table's key and nothing else", async () => {
  const Key = { id: { S: "i-1" }, runId: { S: "1" } };
  await expect(cloud.dynamo.send(new GetItemCommand({ TableName, Key }))).rejects.toThrow(
    "The provided key element does not match the schema",
  );
});

const keys = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ id: { S: `i-${from + n}` } }));
const writeAll = (ids: readonly { id: { S: string } }[]) =>
  cloud.dynamo.send(
    new BatchWriteItemCommand({ RequestItems: { [TableName]: ids.map((Item) => ({ PutRequest: { Item } })) } }),
  );
const readAll = (Keys: { id: { S: string } }[]) =>
  cloud.dynamo.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }));

test("batches write 25 and read 100, no more, and no key twice", async () => {
  for (let n = 0; n < 100; n += 25) await writeAll(keys(n, n + 25));
  const { Responses, UnprocessedKeys } = await readAll(keys(0, 100));
  expect(Responses?.[TableName]).toHaveLength(100);
  expect(UnprocessedKeys).toEqual({});
  await expect(readAll(keys(0, 101))).rejects.toThrow("Too many items requested for the BatchGetItem call");
  await expect(writeAll(keys(0, 26))).rejects.toThrow("Too many items requested for the BatchWriteItem call");
  await expect(readAll([...keys(0, 2), ...keys(1, 3)])).rejects.toThrow("contains duplicates");
  await expect(writeAll([...keys(0, 2), ...keys(1, 3)])).rejects.toThrow("contains duplicates");
});

test("batches hand entries back unprocessed by fault, and a caller who repeats gets everything", async () => {
  cloud.faults.set("dynamodb", "*", { unprocessed: 0.5 });
  let left = (await writeAll(keys(0, 25))).UnprocessedItems;
  expect(left?.[TableName]?.length).toBeGreaterThan(0);
  while (left && Object.keys(left).length > 0) {
    left = (await cloud.dynamo.send(new BatchWriteItemCommand({ RequestItems: left }))).UnprocessedItems;
  }
  const found: unknown[] = [];
  let requests: BatchGetItemCommandOutput["UnprocessedKeys"] = { [TableName]: { Keys: keys(0, 25) } };
  while (requests && Object.keys(requests).length > 0) {
    const reply: BatchGetItemCommandOutput = await cloud.dynamo.send(
      new BatchGetItemCommand({ RequestItems: requests }),
    );
    found.push(...(reply.Responses?.[TableName] ?? []));
    requests = reply.UnprocessedKeys;
  }
  expect(found).toHaveLength(25);
});

test("a transaction is all or nothing, and says which part failed", async () => {
  await put({ id: { S: "i-1" }, version: { N: "1" } });
  const move = (seen: string, ClientRequestToken: string) =>
    cloud.dynamo.send(
      new TransactWriteItemsCommand({
        ClientRequestToken,
        TransactItems: [
          {
            Put: {
              TableName,
              Item: { id: { S: "counter" }, n: { N: "1" } },
              ConditionExpression: "attribute_not_exists(id)",
            },
          },
          {
            Update: {
              TableName,
              Key: { id: { S: "i-1" } },
              UpdateExpression: "ADD version :one",
              ConditionExpression: "version = :seen",
              ExpressionAttributeValues: { ":one": { N: "1" }, ":seen": { N: seen } },
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            },
          },
        ],
      }),
    );
  const fault = (await move("2", "token-1").catch((error: unknown) => error)) as TransactionCanceledException;
  expect(fault).toBeInstanceOf(TransactionCanceledException);
  expect(fault.CancellationReasons?.map(({ Code }) => Code)).toEqual(["None", "ConditionalCheckFailed"]);
  expect(fault.CancellationReasons?.[1]?.Item).toEqual({ id: { S: "i-1" }, version: { N: "1" } });
  expect(await get("counter")).toBeUndefined();
  await move("1", "token-2");
  await move("1", "token-2");
  expect(await get("i-1")).toEqual({ id: { S: "i-1" }, version: { N: "2" } });
  expect(await get("counter")).toBeDefined();
});

test("time to live deletes what has expired, and only that", async () => {
  await cloud.dynamo.send(
    new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "endsAt" } }),
  );
  const { TimeToLiveDescription } = await cloud.dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "endsAt" });
  const causes: string[] = [];
  cloud.db.onChange(({ cause }) => causes.push(cause));
  const seconds = Math.floor(cloud.clock.now() / 1000);
  await put({ id: { S: "soon" }, endsAt: { N: String(seconds + 60) } });
  await put({ id: { S: "later" }, endsAt: { N: String(seconds + 600) } });
  await put({ id: { S: "text" }, endsAt: { S: String(seconds) } });
  await put({ id: { S: "ancient" }, endsAt: { N: "1" } });
  await cloud.clock.advance(59_000);
  expect(await get("soon")).toBeDefined();
  await cloud.clock.advance(2_000);
  expect(await get("soon")).toBeUndefined();
  const { Items } = await cloud.dynamo.send(new ScanCommand({ TableName }));
  expect(Items?.map((item) => item["id"]?.S).sort()).toEqual(["ancient", "later", "text"]);
  expect(causes).toEqual(["call", "call", "call", "call", "ttl"]);
});

test("continuous backups are off until switched on", async () => {
  const status = async () => {
    const reply = await cloud.dynamo.send(new DescribeContinuousBackupsCommand({ TableName }));
    return reply.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  };
  expect(await status()).toBe("DISABLED");
  await cloud.dynamo.send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  expect(await status()).toBe("ENABLED");
});
