// Query, Scan and their pages, seen through the real SDK client.
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  paginateQuery,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMachines, TableName } from "./machines-table.ts";
import { openTestCloud, type TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
const count = 300;
const idOf = (n: number): string => `i-${String(n).padStart(4, "0")}`;
beforeAll(async () => {
  cloud = await openTestCloud();
  await createMachines(cloud.dynamo);
  const items = Array.from({ length: count }, (_, n) => ({
    id: { S: idOf(n) },
    poolKey: { S: n % 3 === 0 ? "large" : "small" },
    threshold: { N: String(n) },
    version: { N: String(n % 7) },
    heartbeatAt: { N: "1" },
    ...(n % 10 === 0 && { runId: { S: "1001" } }),
  }));
  for (let n = 0; n < count; n += 25) {
    const requests = items.slice(n, n + 25).map((Item) => ({ PutRequest: { Item } }));
    await cloud.dynamo.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  }
});
afterAll(() => cloud.close());

const pool = (more: Partial<QueryCommandInput> = {}): QueryCommandInput => ({
  TableName,
  IndexName: "pool",
  KeyConditionExpression: "poolKey = :k",
  ExpressionAttributeValues: { ":k": { S: "large" } },
  ...more,
});
const query = (input: QueryCommandInput) => cloud.dynamo.send(new QueryCommand(input));
const thresholds = (items: QueryCommandOutput["Items"]): number[] =>
  (items ?? []).map((item) => Number(item["threshold"]?.N));

test("an index with a sort key answers in its order, both ways", async () => {
  const up = thresholds((await query(pool())).Items);
  expect(up).toEqual(Array.from({ length: 100 }, (_, n) => n * 3));
  const down = thresholds((await query(pool({ ScanIndexForward: false }))).Items);
  expect(down).toEqual(up.toReversed());
});

test.each([
  ["threshold < :a", [0, 3, 6]],
  ["threshold <= :a", [0, 3, 6, 9]],
  ["threshold = :a", [9]],
  ["threshold > :z", [294, 297]],
  ["threshold >= :z", [291, 294, 297]],
])("poolKey = :k AND %s selects %j", async (range, expected) => {
  const all = { ":a": { N: "9" }, ":z": { N: "291" } };
  const values = Object.fromEntries(Object.entries(all).filter(([key]) => range.includes(key)));
  const { Items } = await query(
    pool({
      KeyConditionExpression: `poolKey = :k AND ${range}`,
      ExpressionAttributeValues: { ":k": { S: "large" }, ...values },
    }),
  );
  expect(thresholds(Items)).toEqual(expected);
});

test.each([true, false])("pages join into the whole, without gap or repetition (forward: %s)", async (forward) => {
  const ids: (string | undefined)[] = [];
  const pages = paginateQuery({ client: cloud.dynamo, pageSize: 7 }, pool({ ScanIndexForward: forward }));
  for await (const page of pages) ids.push(...(page.Items ?? []).map((item) => item["id"]?.S));
  expect(new Set(ids).size).toBe(100);
  expect(ids).toHaveLength(100);
});

test("a page that ends by its limit names its last key, in table and index keys", async () => {
  const { LastEvaluatedKey, ScannedCount } = await query(pool({ Limit: 2 }));
  expect(ScannedCount).toBe(2);
  expect(LastEvaluatedKey).toEqual({ id: { S: idOf(3) }, poolKey: { S: "large" }, threshold: { N: "3" } });
});

test("a filter runs after the limit", async () => {
  const { Count, ScannedCount, Items } = await query(
    pool({
      Limit: 10,
      FilterExpression: "version = :v",
      ExpressionAttributeValues: { ":k": { S: "large" }, ":v": { N: "0" } },
    }),
  );
  expect({ Count, ScannedCount }).toEqual({ Count: 2, ScannedCount: 10 });
  expect(thresholds(Items)).toEqual([0, 21]);
});

test("a sparse index holds only what has its key, and only what it projects", async () => {
  const { Items, Count } = await query({
    TableName,
    IndexName: "run",
    KeyConditionExpression: "runId = :r",
    ExpressionAttributeValues: { ":r": { S: "1001" } },
  });
  expect(Count).toBe(30);
  expect(Object.keys(Items?.[0] ?? {}).sort()).toEqual(["id", "runId"]);
});

test("an item leaves an index with its key attribute", async () => {
  await cloud.dynamo.send(new PutItemCommand({ TableName, Item: { id: { S: "i-x" }, runId: { S: "7" } } }));
  const run = {
    TableName,
    IndexName: "run",
    KeyConditionExpression: "runId = :r",
    ExpressionAttributeValues: { ":r": { S: "7" } },
  } as const;
  expect((await query(run)).Count).toBe(1);
  await cloud.dynamo.send(
    new UpdateItemCommand({ TableName, Key: { id: { S: "i-x" } }, UpdateExpression: "REMOVE runId" }),
  );
  expect((await query(run)).Count).toBe(0);
  await cloud.dynamo.send(
    new UpdateItemCommand({
      TableName,
      Key: { id: { S: "i-x" } },
      UpdateExpression: "SET gone = :t",
      ExpressionAttributeValues: { ":t": { BOOL: true } },
    }),
  );
});

test("a page ends at one megabyte", async () => {
  const Fat = "fat";
  await cloud.dynamo.send(
    new CreateTableCommand({
      TableName: Fat,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "h", KeyType: "HASH" },
        { AttributeName: "r", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "h", AttributeType: "S" },
        { AttributeName: "r", AttributeType: "S" },
      ],
    }),
  );
  const body = { S: "x".repeat(300_000) };
  for (const r of ["b-1", "a-1", "a-2", "a-3", "a-4"]) {
    await cloud.dynamo.send(new PutItemCommand({ TableName: Fat, Item: { h: { S: "1" }, r: { S: r }, body } }));
  }
  const input = {
    TableName: Fat,
    KeyConditionExpression: "h = :h AND r < :b",
    ExpressionAttributeValues: { ":h": { S: "1" }, ":b": { S: "b-" } },
    ProjectionExpression: "r",
  };
  const first = await query(input);
  expect(first.Items).toEqual(["a-1", "a-2", "a-3", "a-4"].map((r) => ({ r: { S: r } })));
  expect(first.LastEvaluatedKey).toEqual({ h: { S: "1" }, r: { S: "a-4" } });
  const rest = await query({ ...input, ExclusiveStartKey: first.LastEvaluatedKey });
  expect({ Count: rest.Count, last: rest.LastEvaluatedKey }).toEqual({ Count: 0, last: undefined });
});

test("a scan in segments is refused", async () => {
  const scan = cloud.dynamo.send(new ScanCommand({ TableName, Segment: 0, TotalSegments: 4 }));
  await expect(scan).rejects.toThrow("reads without Segment");
});

test("a scan comes in no useful order, but always in the same", async () => {
  const scan = async () =>
    (await cloud.dynamo.send(new ScanCommand({ TableName }))).Items?.map((item) => item["id"]?.S);
  const ids = await scan();
  expect(ids).toEqual(await scan());
  expect(ids).not.toEqual(ids?.toSorted());
});

test.each([
  [
    { KeyConditionExpression: "threshold = :k", ExpressionAttributeValues: { ":k": { N: "1" } } },
    "Query condition missed key schema element: poolKey",
  ],
  [{ KeyConditionExpression: "poolKey > :k" }, "Query key condition not supported"],
  [
    { KeyConditionExpression: undefined, ExpressionAttributeValues: undefined },
    "KeyConditionExpression parameter must be specified",
  ],
  [{ ExpressionAttributeValues: { ":k": { N: "1" } } }, "Condition parameter type does not match schema type"],
  [{ ConsistentRead: true }, "Consistent reads are not supported on global secondary indexes"],
  [{ IndexName: "nobody" }, "The table does not have the specified index: nobody"],
  [{ ProjectionExpression: "heartbeatAt" }, "Global secondary index pool does not project [heartbeatAt]"],
  [{ Select: "COUNT" as const }, "reads without Select"],
  [{ KeyConditionExpression: "poolKey = :k AND begins_with(threshold, :k)" }, "Query key condition not supported"],
  [{ FilterExpression: "threshold = :k" }, "Filter Expression can only contain non-primary key attributes"],
  [{ ExclusiveStartKey: { id: { S: "i-1" } } }, "The provided starting key is invalid"],
  [{ Limit: 0 }, "Member must have value greater than or equal to 1"],
])("the query %j is refused", async (wrong, message) => {
  await expect(query(pool(wrong as Partial<QueryCommandInput>))).rejects.toThrow(message);
});

test("a stale index read, by fault, shows an earlier state; the table itself never does", async () => {
  const Key = { id: { S: idOf(0) } };
  cloud.faults.set("dynamodb", "Query", { staleIndex: 1 });
  await cloud.clock.advance(60_000);
  await cloud.dynamo.send(
    new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression: "SET poolKey = :k",
      ExpressionAttributeValues: { ":k": { S: "moved" } },
    }),
  );
  const moved = pool({ ExpressionAttributeValues: { ":k": { S: "moved" } } });
  expect((await query(moved)).Count).toBe(0);
  expect((await query(pool())).Count).toBe(100);
  await cloud.clock.advance(5_001);
  expect((await query(moved)).Count).toBe(1);
  cloud.faults.heal();
});
