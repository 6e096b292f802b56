// Writing single items, seen through the real SDK client.
import {
  ConditionalCheckFailedException,
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createMachines, TableName } from "./machines-table.ts";
import { openTestCloud, type TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await openTestCloud();
  await createMachines(cloud.dynamo);
});
afterAll(() => cloud.close());

const Key = { id: { S: "i-1" } };
const put = (Item: Record<string, AttributeValue>) =>
  cloud.dynamo.send(new PutItemCommand({ TableName, Item: { ...Key, ...Item } }));
const get = async () => (await cloud.dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
const update = (more: Partial<UpdateItemCommandInput>) =>
  cloud.dynamo.send(new UpdateItemCommand({ TableName, Key, ...more }));

beforeEach(() => put({ state: { S: "idle" }, version: { N: "3" }, uses: { N: "0" } }));

test("a failed condition carries the item it met", async () => {
  const claim = update({
    UpdateExpression: "SET #s = :claimed ADD version :one",
    ConditionExpression: "#s = :idle AND version = :seen",
    ExpressionAttributeNames: { "#s": "state" },
    ExpressionAttributeValues: {
      ":claimed": { S: "claimed" },
      ":idle": { S: "idle" },
      ":one": { N: "1" },
      ":seen": { N: "2" },
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  const fault = await claim.catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(ConditionalCheckFailedException);
  expect((fault as ConditionalCheckFailedException).Item).toEqual(await get());
  expect((fault as ConditionalCheckFailedException).message).toBe("The conditional request failed");
  expect((await get())?.["state"]).toEqual({ S: "idle" });
});

test("a failed condition on an absent item carries no item, and nothing unless asked", async () => {
  const absent = cloud.dynamo.send(
    new DeleteItemCommand({
      TableName,
      Key: { id: { S: "i-none" } },
      ConditionExpression: "attribute_exists(id)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
  );
  expect(((await absent.catch((error: unknown) => error)) as ConditionalCheckFailedException).Item).toBeUndefined();
  const silent = update({
    UpdateExpression: "REMOVE uses",
    ConditionExpression: "attribute_not_exists(id)",
  });
  expect(((await silent.catch((error: unknown) => error)) as ConditionalCheckFailedException).Item).toBeUndefined();
});

test("of two claims on one version exactly one wins", async () => {
  const claim = (claimId: string) =>
    update({
      UpdateExpression: "SET claimId = :id ADD version :one",
      ConditionExpression: "version = :seen",
      ExpressionAttributeValues: { ":id": { S: claimId }, ":one": { N: "1" }, ":seen": { N: "3" } },
    });
  const outcomes = await Promise.allSettled(["a", "b", "c"].map(claim));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await get())?.["version"]).toEqual({ N: "4" });
});

test("UpdateItem creates what does not exist, and a condition on existence prevents it", async () => {
  const other = { id: { S: "i-new" } };
  const beat = { UpdateExpression: "SET heartbeatAt = :t", ExpressionAttributeValues: { ":t": { N: "9" } } };
  await expect(update({ Key: other, ...beat, ConditionExpression: "attribute_exists(id)" })).rejects.toThrow(
    ConditionalCheckFailedException,
  );
  const { Attributes } = await update({ Key: other, ...beat, ReturnValues: "ALL_NEW" });
  expect(Attributes).toEqual({ ...other, heartbeatAt: { N: "9" } });
});

test.each([
  ["NONE", undefined],
  ["ALL_OLD", { ...Key, state: { S: "idle" }, version: { N: "3" }, uses: { N: "0" } }],
  ["ALL_NEW", { ...Key, state: { S: "idle" }, version: { N: "4" }, m: { M: { a: { N: "1" } } } }],
] as const)("ReturnValues %s answers what it says", async (ReturnValues, expected) => {
  const { Attributes } = await update({
    UpdateExpression: "SET m = :m ADD version :one REMOVE uses",
    ExpressionAttributeValues: { ":one": { N: "1" }, ":m": { M: { a: { N: "1" } } } },
    ReturnValues,
  });
  expect(Attributes).toEqual(expected);
});

test("PutItem and DeleteItem answer the old item when asked", async () => {
  const old = await get();
  const replaced = await cloud.dynamo.send(new PutItemCommand({ TableName, Item: Key, ReturnValues: "ALL_OLD" }));
  expect(replaced.Attributes).toEqual(old);
  const gone = await cloud.dynamo.send(new DeleteItemCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
  expect(gone.Attributes).toEqual(Key);
  expect(await get()).toBeUndefined();
});

test("every committed write is told, with both images, and refused ones are not", async () => {
  const seen: unknown[] = [];
  const stop = cloud.db.onChange(({ key, before, after, cause }) => seen.push({ key, before, after, cause }));
  const before = await get();
  await update({ UpdateExpression: "SET uses = :n", ExpressionAttributeValues: { ":n": { N: "1" } } });
  await update({ UpdateExpression: "REMOVE uses", ConditionExpression: "attribute_not_exists(id)" }).catch(() => {});
  await cloud.dynamo.send(new DeleteItemCommand({ TableName, Key }));
  stop();
  await put({});
  const after = { ...before, uses: { N: "1" } };
  expect(seen).toEqual([
    { key: Key, before, after, cause: "call" },
    { key: Key, before: after, after: undefined, cause: "call" },
  ]);
});

test.each([
  ["1E3", "1000"],
  ["-0", "0"],
  ["1.500", "1.5"],
  ["12345678901234567890123456789012345678", "12345678901234567890123456789012345678"],
  ["1e-5", "0.00001"],
])("the number %s is kept as %s", async (given, kept) => {
  await put({ n: { N: given } });
  expect((await get())?.["n"]).toEqual({ N: kept });
});

test("large integers add without loss", async () => {
  await put({ n: { N: "99999999999999999999" } });
  await update({ UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": { N: "1" } } });
  expect((await get())?.["n"]).toEqual({ N: "100000000000000000000" });
});
