// Configuration that is missing, damaged or paused: each is said with its place and the fix.
import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, it } from "vitest";
import { pauseItem } from "../../cloud/aws/configuration-items.ts";
import { settings } from "../../cloud/aws/settings.ts";
import { Unconfigured } from "../../cloud/ports.ts";
import { defaultsKey, overlayKey } from "../../domain/table.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";

let sim: HttpSim;
beforeEach(async () => {
  sim = await openHttpSim();
});
afterEach(() => sim.close());

const damage = (key: string, name: string, value: { S: string } | { N: string }) =>
  sim.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: sim.table,
      Key: { key: { S: key } },
      UpdateExpression: "SET #name = :value",
      ExpressionAttributeNames: { "#name": name },
      ExpressionAttributeValues: { ":value": value },
    }),
  );

it("an environment that does not exist is named with its table and region, and what to check", async () => {
  const wish = { client: sim.clients.dynamodb, environment: "nowhere", region: "eu-west-1", table: "runpool-nowhere" };
  const clock = { sleep: async () => {} };
  const load = settings({ ...wish, clock, random: { next: () => 0 } }).load();
  await expect(load).rejects.toThrow(Unconfigured);
  await expect(load).rejects.toThrow(/"nowhere" \(table runpool-nowhere in eu-west-1\) does not exist: check/);
});

it("a table without defaults asks for a deployment", async () => {
  const Key = { key: { S: defaultsKey } };
  await sim.clients.dynamodb.send(new DeleteItemCommand({ TableName: sim.table, Key }));
  await expect(sim.settings.load()).rejects.toThrow(/deploy its stack again.*"configuration#defaults" is missing/s);
});

it("damaged defaults are refused, by the attribute", async () => {
  await damage(defaultsKey, "queues", { S: "none" });
  await expect(sim.settings.load()).rejects.toThrow(/configuration#defaults\.queues/);
});

it("defaults that make no sense together are refused, with what is wrong", async () => {
  await damage(defaultsKey, "idleMs", { N: "1" });
  await expect(sim.settings.load()).rejects.toThrow(/idleMs is 1; an idle time is/);
});

it("a damaged overlay counts for nothing, and says so by the attribute", async () => {
  await sim.settings.writeOverlay({ maxRuntimeMs: 60_000 });
  await damage(overlayKey, "idleMs", { S: "soon" });
  expect(await sim.settings.load()).toEqual({
    configuration: sim.defaults,
    defaults: sim.defaults,
    overlay: {},
    overlayProblems: [expect.stringContaining("configuration#overlay.idleMs")],
  });
});

it("so does one whose values make no sense with what is deployed", async () => {
  await sim.settings.writeOverlay({ idleMs: 1, resourceClasses: { huge: { cpu: 2, mmem: 4096 } } });
  const { configuration, overlayProblems } = await sim.settings.load();
  expect(configuration).toEqual(sim.defaults);
  expect(overlayProblems).toEqual([
    expect.stringContaining("idleMs is 1"),
    expect.stringContaining('"huge" has no queue'),
  ]);
});

it("names that only a newer version writes are let through", async () => {
  await damage(defaultsKey, "novelty", { N: "1" });
  expect((await sim.settings.load()).configuration).toEqual(sim.defaults);
});

it("a pause shows with its reason, also one that somebody wrote by hand without any", async () => {
  const put = (Item: ReturnType<typeof pauseItem>) =>
    sim.clients.dynamodb.send(new PutItemCommand({ TableName: sim.table, Item }));
  await put(pauseItem("maintenance", 5));
  expect((await sim.settings.load()).paused).toEqual({ reason: "maintenance", at: 5 });
  const { key } = pauseItem("", 0);
  if (key !== undefined) await put({ key });
  expect((await sim.settings.load()).paused?.reason).toContain("without a readable reason");
});
