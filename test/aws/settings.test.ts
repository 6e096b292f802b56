// Configuration that is missing, damaged or paused: each is said with its place and the fix.
import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultsItem, pauseItem } from "../../cloud/aws/configuration-items.ts";
import { preRunnerScript as preRunner } from "../../cloud/aws/pre-runner-script.ts";
import { settings } from "../../cloud/aws/settings.ts";
import type { Whole } from "../../cloud/aws/stored-shape.ts";
import { Unconfigured, type Pause } from "../../cloud/ports/settings.ts";
import type { Defaults, Operational, Overlay } from "../../domain/configuration.ts";
import { defaultsKey, overlayKey } from "../../domain/table.ts";
import { environmentSchema, version } from "../../domain/version.ts";
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
  const options = {
    client: sim.clients.dynamodb,
    environment: "nowhere",
    region: "eu-west-1",
    table: "runpool-nowhere",
  };
  const clock = { sleep: async () => {} };
  const load = settings({ ...options, clock, random: { next: () => 0 } }).load();
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
  await expect(sim.settings.load()).rejects.toThrow(/idleMs is 1 ms; an idle time is/);
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
  const pause: Whole<Pause> = { reason: "maintenance", at: 5 };
  await put(pauseItem(pause));
  expect((await sim.settings.load()).paused).toEqual(pause);
  const { key } = pauseItem({ reason: "", at: 0 });
  if (key !== undefined) await put({ key });
  expect((await sim.settings.load()).paused?.reason).toContain("without a readable reason");
});

/** Every field that there is: one that a version forgets to read has no effect in any environment. */
const operational: Whole<Operational> = {
  resourceClasses: { large: { cpu: 3, mmem: 5000 } },
  idleMs: 61_000,
  maxRuntimeMs: 7_200_000,
  bootMs: 301_000,
  provisionMs: 1_802_000,
  maxInstances: 11,
  maxInstancesPerPartition: 7,
  preRunnerScript: "exit 0\n",
  labels: ["gpu"],
  usageClass: "on-demand",
  idleFloors: { "large/x64": 1, "large/x64/on-demand": 2 },
  maxUses: 3,
  maxAgeMs: 86_400_001,
  images: { x64: "ami-0123456789abcdef0", arm64: "ami-0123456789abcdef1" },
};
const everything = ({ forge, ...plain }: Defaults): Whole<Defaults> => ({
  ...plain,
  ...operational,
  deployedBy: version,
  schema: environmentSchema,
  securityGroups: ["sg-1", "sg-2"],
  imageParameters: { x64: "/acme/x64", arm64: "/acme/arm64" },
  classes: {
    large: {
      configHash: "own",
      usageClass: "spot",
      maxUses: 1,
      maxRuntimeMs: 60_000,
      spotMaxPrice: 0.2,
      imageParameters: { x64: "/acme/large/x64", arm64: "/acme/large/arm64" },
    },
  },
  preRunnerScripts: { large: "exit 1\n" },
  launchableImages: { owners: ["amazon"], ids: ["ami-0123456789abcdef0"] },
  forge: {
    ...forge,
    credentialParameter: "/acme/credential",
    organisation: "acme",
    enterprise: "acme-group",
    runnerGroup: "builders",
  },
  schedules: [{ name: "day", cron: "cron(0 7 ? * * *)", timezone: "Europe/Berlin", idleFloors: { "large/x64": 2 } }],
  partitions: { shared: ["acme/shop"] },
  anyRunsJobs: true,
  kept: {
    classes: ["large"],
    partitions: { shared: "acme" },
    machines: ["large/x64"],
    zones: ["eu-west-1a"],
    all: { region: ["eu-west-1"] },
  },
});
const stored = async (defaults: Defaults) =>
  await sim.clients.dynamodb.send(new PutItemCommand({ TableName: sim.table, Item: defaultsItem(defaults) }));

it("every field of the defaults comes back as it was stored", async () => {
  const all = everything(sim.defaults);
  await stored(all);
  expect((await sim.settings.load()).defaults).toEqual(all);
});

describe("an overlay, field by field", () => {
  const laid: Whole<Overlay> = { ...operational, scheduled: { at: 5, idleFloors: { "large/x64": 1 } } };
  it.each(Object.keys(laid) as (keyof Overlay)[])(
    "%s replaces what is deployed, and its removal brings that back",
    async (name) => {
      const overlay = { [name]: laid[name] };
      await sim.settings.writeOverlay(overlay, {});
      const { configuration, overlay: read } = await sim.settings.load();
      expect(read).toEqual(overlay);
      if (name !== "scheduled") expect(configuration[name]).toEqual(laid[name]);
      await sim.settings.writeOverlay({}, overlay);
      expect(await sim.settings.load()).toMatchObject({ overlay: {}, configuration: sim.defaults });
    },
  );

  it("what others have changed meanwhile stays, value by value", async () => {
    await sim.settings.writeOverlay({ idleMs: 61_000, labels: ["a"], maxUses: 2 });
    await sim.settings.writeOverlay({ idleMs: 62_000, maxUses: 2 }, { idleMs: 61_000, maxUses: 2 });
    expect((await sim.settings.load()).overlay).toEqual({ idleMs: 62_000, labels: ["a"], maxUses: 2 });
  });
});

it.each<[what: string, deployed: string, laid: string | undefined, read: string]>([
  ["nothing is run", "", undefined, ""],
  ["what is deployed", "deployed", undefined, "deployed"],
  ["what an operator has laid over it", "deployed", "laid", "laid"],
  ["what an operator has laid over nothing", "", "laid", "laid"],
  ["nothing, where an operator has laid just that over it", "deployed", "", ""],
])("an instance boots with the script of the table: %s", async (_, preRunnerScript, laid, read) => {
  await stored({ ...sim.defaults, preRunnerScript });
  if (laid !== undefined) await sim.settings.writeOverlay({ preRunnerScript: laid });
  expect(await preRunner(sim.clients.dynamodb, sim.table, "dev")).toBe(read);
});

it("an instance of a class with a script of its own boots with that, whatever an operator lays over the environment's", async () => {
  const script = (ofClass: string) => preRunner(sim.clients.dynamodb, sim.table, "dev", ofClass);
  await stored({ ...sim.defaults, preRunnerScript: "deployed", preRunnerScripts: { large: "own", tiny: "" } });
  await sim.settings.writeOverlay({ preRunnerScript: "laid" });
  expect(await Promise.all(["large", "tiny", ""].map(script))).toEqual(["own", "", "laid"]);
  await expect(script("huge")).rejects.toThrow(/no pre-runner script of class huge/);
});

it("a configuration of schema 1 is named, with what to do, by every reader", async () => {
  await stored({ ...sim.defaults, schema: 1 });
  const named = /environment ".*" was deployed by runpool .* \(schema 1\).*Deploy it again from a checkout/;
  await expect(preRunner(sim.clients.dynamodb, sim.table, "dev")).rejects.toThrow(named);
  await expect(sim.settings.load()).rejects.toThrow(named);
  // Written before a schema was: the same.
  const { schema: _, ...without } = sim.defaults;
  await stored(without);
  await expect(preRunner(sim.clients.dynamodb, sim.table, "dev")).rejects.toThrow(named);
});

it("an instance of an environment without a configuration does not boot as if it had no script", async () => {
  const Key = { key: { S: defaultsKey } };
  await sim.clients.dynamodb.send(new DeleteItemCommand({ TableName: sim.table, Key }));
  await expect(preRunner(sim.clients.dynamodb, sim.table, "dev")).rejects.toThrow(Unconfigured);
});
