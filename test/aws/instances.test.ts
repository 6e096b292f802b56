// What DynamoDB does to readers: pages, unprocessed keys, missing rights.
import { runGroup } from "../../domain/owner.ts";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import { instances } from "../../cloud/aws/instances.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { done, fresh, freshRun, newcomer, ownership, until } from "../contract/newcomers.ts";

const many = 130;
const run = freshRun();
const partition = fresh("github:acme/pages");
let sim: HttpSim;
let keys: string[];

beforeAll(async () => {
  sim = await openHttpSim();
  // Large enough for several pages of 1 MB; labels are in no index, so the run's query pages by evaluated size only.
  const labels = Array.from({ length: 100 }, (_, index) => `${"x".repeat(200)}${index}`);
  keys = await Promise.all(
    Array.from({ length: many }, async () => {
      const { ref, machine } = await newcomer(sim, partition);
      const mine = { ...ownership(run, fresh("claim")), labels };
      const params = { ...until(sim), machine, claimId: mine.claimId, ownership: mine };
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

it("a scan of several pages shows every record", async () => {
  const { items } = await sim.instances.all();
  expect(items.map(({ key }) => key).sort()).toEqual(keys.sort());
  expect(calls("Scan")).toBeGreaterThan(1);
});

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

it("a query of a run shows every instance of it", async () => {
  expect((await sim.instances.ofGroup(runGroup(run))).items.map(({ key }) => key).sort()).toEqual(keys.sort());
});

it("a read of more than a hundred keys asks in batches, and again for what came back unprocessed", async () => {
  sim.faults.set("dynamodb", "BatchGetItem", { unprocessed: 0.5 });
  const { items } = await sim.instances.read(keys);
  expect(items.map(({ key }) => key).sort()).toEqual(keys.sort());
  expect(calls("BatchGetItem")).toBeGreaterThan(2);
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
