// Counters and saved requests that somebody else has written: who may provision may write them. They do no harm that lasts.
import { PutItemCommand, UpdateItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { counterKey, requestKey } from "../../domain/table.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { requestOf } from "../control/calm-world.ts";

let sim: HttpSim;
beforeEach(async () => {
  sim = await openHttpSim();
});
afterEach(() => sim.close());

const scope = "environment";
const put = (item: Record<string, AttributeValue>) =>
  sim.clients.dynamodb.send(new PutItemCommand({ TableName: sim.table, Item: item }));

describe("a counter that holds", () => {
  const one = { N: "1" };
  const forged: readonly (readonly [what: string, item: Record<string, AttributeValue>])[] = [
    ["a text", { count: { S: "3" }, reserved: one }],
    ["a list", { count: { L: [one] } }],
    ["nothing but NULL", { count: { NULL: true }, reserved: one }],
    ["more digits than a number of ours", { count: { N: "12345678901234567890123" }, reserved: one }],
    ["a part of a place", { count: { N: "0.12345678901234567890123" }, reserved: one }],
    ["reservations that are a text", { count: one, reserved: { S: "many" } }],
    ["reservations without a count", { reserved: { S: "many" } }],
    ["more reservations than fit", { count: one, reserved: { N: `9${"0".repeat(125)}` } }],
  ];
  it.each(forged)("%s is put right by a recount, and counts again", async (_what, item) => {
    await put({ key: { S: counterKey(scope) }, ...item });
    const seen = await sim.settings.counter(scope);
    expect(seen).toBeDefined();
    await sim.settings.recount(scope, seen, 2);
    expect((await sim.settings.counter(scope))?.count).toBe(2);
    expect(await sim.settings.reserve(3, [{ name: scope, maximum: 5 }])).toEqual({ kind: "reserved" });
    expect(await sim.settings.reserve(1, [{ name: scope, maximum: 5 }])).toEqual({ kind: "full", scope });
    await sim.settings.free(4, [scope]);
    expect((await sim.settings.counter(scope))?.count).toBe(1);
  });

  it.each([{ S: "3" }, { L: [one] }, { N: "12345678901234567890123" }] as const)(
    "%j counts as more than any maximum: nobody is promised a place by it",
    async (count) => {
      await put({ key: { S: counterKey(scope) }, count: count as AttributeValue, reserved: one });
      expect(await sim.settings.counter(scope)).toEqual({ count: Number.MAX_SAFE_INTEGER, reserved: 1 });
    },
  );

  it("what was written since it was seen is left as it is", async () => {
    await put({ key: { S: counterKey(scope) }, count: { S: "3" } });
    const seen = await sim.settings.counter(scope);
    await put({ key: { S: counterKey(scope) }, count: one, reserved: one });
    await sim.settings.recount(scope, seen, 2);
    expect(await sim.settings.counter(scope)).toEqual({ count: 1, reserved: 1 });
  });
});

it("forged attributes of a run's saved requests are passed over: its own request is found, and its outcomes are told", async () => {
  const request = requestOf();
  const now = Date.now();
  await sim.requests.save(request, now);
  const forged: Record<string, AttributeValue> = {
    "provision:a": { S: "{" },
    "provision:b": { N: "7" },
    "provision:c": { S: JSON.stringify({ ...request, count: "all" }) },
    "provision:d": { S: JSON.stringify({ ...request, architecture: "riscv" }) },
    "outcome:1:a": { S: "[]" },
    "outcome:1:b": { M: {} },
  };
  for (const [name, value] of Object.entries(forged))
    await sim.clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: sim.table,
        Key: { key: { S: requestKey(request.runId) } },
        UpdateExpression: "SET #name = :value",
        ExpressionAttributeNames: { "#name": name },
        ExpressionAttributeValues: { ":value": value },
      }),
    );
  expect(await sim.requests.ofRun(request.runId)).toEqual([request]);
  await sim.requests.end(request.runId, { attempt: 1, at: now });
  const { runs } = await sim.requests.unreported();
  expect(runs).toMatchObject([{ runId: request.runId, outcomes: [], endings: [{ attempt: 1 }] }]);
});
