// What DynamoDB does to readers: batches, unprocessed keys, items of other kinds, limits of a filter, missing rights. Pages are in pages.test.ts.
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import { instances } from "../../cloud/aws/instances.ts";
import { mayFit } from "../../cloud/aws/may-fit.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { done, fresh, newcomer, until } from "../contract/newcomers.ts";

const many = 130;
let sim: HttpSim;
let keys: string[];

beforeAll(async () => {
  sim = await openHttpSim();
  keys = await Promise.all(
    Array.from({ length: many }, async () => {
      const { ref, machine } = await newcomer(sim);
      const params = { ...until(sim), machine, claimId: fresh("claim") };
      return done(await sim.instances.move("create", ref, params)).key;
    }),
  );
});
afterAll(() => sim.close());
beforeEach(() => {
  sim.faults.heal();
  sim.door.resetCalls();
});
const calls = (action: string): number => sim.door.calls().dynamodb?.[action] ?? 0;

it("items that are not instances are no part of a scan, neither as records nor as damaged ones", async () => {
  const { dynamodb } = sim.clients;
  const own = ["configuration#defaults", "counter#environment", "saved#1#1#test"];
  for (const key of own)
    await dynamodb.send(
      new PutItemCommand({ TableName: sim.table, Item: { key: { S: key }, note: { S: "no record" } } }),
    );
  const { items, damaged } = await sim.instances.all();
  expect(damaged).toEqual([]);
  expect(items).toHaveLength(many);
});

it("a read of more than a hundred keys asks in batches, and again for what came back unprocessed", async () => {
  sim.faults.set("dynamodb", "BatchGetItem", { unprocessed: 0.5 });
  const { items } = await sim.instances.read(keys);
  expect(items.map(({ key }) => key).sort()).toEqual(keys.sort());
  expect(calls("BatchGetItem")).toBeGreaterThan(2);
});

it.each([
  [1, "*a*b*c*d*e*", true],
  [40, "m5.*", true],
  [40, "*a*b*c*d*e*", false],
  [400, "*", false],
])("a filter for %i types like %s is within DynamoDB's limits, or names no type", (count, pattern, named) => {
  const allowedTypes = Array.from({ length: count }, () => pattern);
  const { text, names, values } = mayFit({ usageClass: "spot", minimum: { cpu: 2, mmem: 4096 }, allowedTypes });
  expect(text.length).toBeLessThan(4_096);
  expect(text.match(/ (?:AND|OR|>?=) |\w+\(/g)?.length).toBeLessThan(300);
  expect([text.includes("#type"), "#type" in names, Object.keys(values).length > 3]).toEqual([named, named, named]);
});

it("says which table and call AWS refuses", async () => {
  const elsewhere = instances({
    client: sim.clients.dynamodb,
    table: "runpool-elsewhere",
    clock: { sleep: async () => {} },
  });
  await expect(elsewhere.all()).rejects.toThrow(AwsRefused);
  await expect(elsewhere.read(["arn:x"])).rejects.toThrow(/BatchGetItem on table runpool-elsewhere: ResourceNotFound/);
  const { ref } = await newcomer(sim);
  await expect(elsewhere.move("extend-idle", ref, until(sim))).rejects.toThrow(/UpdateItem on table runpool-elsewhere/);
});
