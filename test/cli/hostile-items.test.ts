// Items that a hostile instance has written to, over HTTP: they are nobody else's harm, and no shelter.
import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import { PutItemCommand, UpdateItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { countAttribute } from "../../cloud/aws/counters.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import { instanceKey, poolManager, tableName, tags } from "../../domain/names.ts";
import { itemSize, type Item } from "../../sim/dynamodb/attribute-value.ts";
import { counterKey } from "../../domain/table.ts";
import { inProcess, openCliBench, ownedBy, type CliBench } from "./bench.ts";
import { account, environment, region, repository, token } from "./cloud.ts";

let bench: CliBench;
beforeEach(async () => {
  bench = await openCliBench();
  // The SDK's own providers look there.
  for (const [name, value] of Object.entries(bench.variables)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bench.close();
});

const minute = 60_000;
const day = 24 * 60 * minute;
const keyOf = (instanceId: string): string => instanceKey({ awsPartition: "aws", region, account }, instanceId);

/** Machines of this environment that EC2 runs. */
async function launched(count: number, manager: string = poolManager): Promise<readonly string[]> {
  const Tags = [
    { Key: tags.environment, Value: environment },
    { Key: tags.manager, Value: manager },
    { Key: tags.partition, Value: `github:${repository}` },
  ];
  const { Instances = [] } = await bench.clients.ec2.send(
    new RunInstancesCommand({
      ImageId: bench.imageId,
      InstanceType: "m5.large",
      MinCount: count,
      MaxCount: count,
      TagSpecifications: [{ ResourceType: "instance", Tags }],
    }),
  );
  return Instances.map(({ InstanceId = "" }) => InstanceId);
}

/** What the instance role's policy lets an instance write, and nothing else: one plain UpdateItem of its own item. */
const writes = (instanceId: string, attributes: Readonly<Record<string, AttributeValue>>) =>
  bench.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: tableName(environment),
      Key: { key: { S: keyOf(instanceId) } },
      UpdateExpression: `SET ${Object.keys(attributes)
        .map((name) => `#${name} = :${name}`)
        .join(", ")}`,
      ExpressionAttributeNames: Object.fromEntries(Object.keys(attributes).map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`:${name}`, value]),
      ),
    }),
  );

const stateOf = (instanceId: string): string | undefined =>
  bench.records().find((record) => record.instanceId === instanceId)?.state;
const machineOf = (instanceId: string): string =>
  bench.machines
    .machines()
    .flatMap((machine) => (machine.id === instanceId ? [bench.machines.state(machine)] : []))[0] ?? "unknown";
const counted = async (count: number): Promise<void> => {
  for (const scope of ["environment", `partition#github:${repository}`])
    await bench.put(toItem({ key: counterKey(scope), [countAttribute]: count }));
};
const countOf = async (scope: string): Promise<number | undefined> =>
  bench.everything().includes(counterKey(scope))
    ? Number(
        (JSON.parse(bench.everything()) as [readonly Record<string, { S?: string; N?: string }>[]])[0].find(
          ({ key }) => key?.S === counterKey(scope),
        )?.[countAttribute]?.N,
      )
    : undefined;

interface Report {
  readonly findings: readonly { readonly kind: string; readonly instanceId: string; readonly done: boolean }[];
  readonly problems: readonly string[];
}
async function refreshed(): Promise<Report> {
  const { code, out, err } = await inProcess(["refresh", "--json"], { ...bench.variables, GITHUB_TOKEN: token });
  if (code !== 0) return expect.fail(`${code}: ${out}${err}`);
  return JSON.parse(out) as Report;
}

const full = "x".repeat(398 * 1024);
const signal = { kind: "registered", rank: 4, assignment: 1, at: 1 };
const poisons: Readonly<Record<string, Readonly<Record<string, AttributeValue>>>> = {
  "a version that has no successor": { version: { N: "1E60" } },
  "a version as large as a number may be": { version: { N: "9.9E125" } },
  "a version that is a text": { version: { S: "7" } },
  "a version that is NULL": { version: { NULL: true } },
  "an agent's version that fills the item": { agentVersion: { S: full } },
  "vitals that fill the item": { vitals: { M: { junk: { S: full } } } },
  "a signal that fills the item": { signal: { M: toItem({ ...signal, detail: full }) } },
  "a runner's version that is a number": {
    vitals: { M: toItem({ listener: "none", jobs: 1, diskFree: 0.9, runnerVersion: 5 }) },
  },
  "a busy that is a text": { busy: { S: "x" } },
  "a signal that is a list": { signal: { L: [] } },
  "a heartbeat that is a text": { heartbeatAt: { S: "now" } },
  "a heartbeat from another age": { heartbeatAt: { N: "9E15" } },
  "an end that is a text": { retiredAt: { S: "never" } },
};

/** Beside the poisoned one: one past its threshold, and one that has left and waits to be made idle. */
async function others(expired: string, left: string): Promise<void> {
  const now = bench.clock.now();
  await bench.record({ instanceId: expired, ...ownedBy("7"), state: "running", threshold: now - minute });
  const gone = signalOf("deregistered", 1, now);
  await bench.record({ instanceId: left, ...ownedBy("8"), state: "running", wanted: "leave", signal: gone });
}

test("none of them, on an idle instance, stops anything of a refresh, nor its own end", async () => {
  const names = Object.keys(poisons);
  const [expired = "", left = "", ...poisoned] = await launched(names.length + 2);
  for (const [index, name] of names.entries()) {
    await bench.record({ instanceId: poisoned[index] ?? "" });
    await writes(poisoned[index] ?? "", poisons[name] ?? {});
  }
  await others(expired, left);
  await counted(names.length + 2);
  expect((await refreshed()).problems).toEqual([]);
  expect([stateOf(left), stateOf(expired)]).toEqual(["idle", "terminating"]);
  expect(poisoned.map((id, index) => [names[index], stateOf(id)])).toEqual(names.map((name) => [name, "terminating"]));
  // As EC2 says it.
  expect([expired, ...poisoned].map(machineOf)).not.toContain("running");
  expect(machineOf(left)).toBe("running");
  // Its instance writes once more, for as long as it can: it is confirmed all the same, and its place is free.
  const almost: Readonly<Record<string, AttributeValue>> = { agentVersion: { S: "x".repeat(390 * 1024) } };
  for (const [index, name] of names.entries())
    await writes(poisoned[index] ?? "", poisons[name] ?? {}).catch(() => writes(poisoned[index] ?? "", almost));
  await bench.clock.advance(2 * minute);
  expect((await refreshed()).problems).toEqual([]);
  expect(poisoned.map((id, index) => [names[index], stateOf(id)])).toEqual(names.map((name) => [name, "terminated"]));
  expect(await countOf("environment")).toBe(1);
});

test("none of them, past its threshold and serving, is any shelter", async () => {
  const names = Object.keys(poisons);
  const ids = await launched(names.length);
  for (const [index, name] of names.entries()) {
    const instanceId = ids[index] ?? "";
    const threshold = bench.clock.now() - minute;
    await bench.record({ instanceId, ...ownedBy(String(index)), state: "running", threshold });
    await writes(instanceId, poisons[name] ?? {});
  }
  await counted(names.length);
  expect((await refreshed()).problems).toEqual([]);
  expect(ids.map((id, index) => [names[index], stateOf(id)])).toEqual(names.map((name) => [name, "terminating"]));
  expect(ids.map(machineOf)).not.toContain("running");
});

test("a provision loses a claim to each poisoned instance once, and has its own", async () => {
  bench.agents.manners = { registers: true, leaves: true };
  const ids = ["i-0ccccccccccccccc1", "i-0ccccccccccccccc2"];
  for (const instanceId of ids) await bench.record({ instanceId });
  await writes(ids[0] ?? "", { version: { N: "1E60" } });
  // Without any room: a claim makes it larger.
  const [items] = JSON.parse(bench.everything()) as [readonly Item[]];
  const item = items.find(({ key }) => key !== undefined && "S" in key && key.S === keyOf(ids[1] ?? "")) ?? {};
  const room = 400 * 1024 - itemSize(item) - "agentVersion".length;
  await writes(ids[1] ?? "", { agentVersion: { S: "x".repeat(room) } });
  const { code, out, err } = await inProcess(["provision", "--json"], {
    ...bench.variables,
    GITHUB_RUN_ID: "1001",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_REPOSITORY: repository,
    GITHUB_JOB: "ci",
  });
  expect([code, err]).toEqual([0, expect.not.stringContaining("ValidationException")]);
  expect(JSON.parse(out)).toMatchObject({ kind: "ready", created: 1, reused: 0 });
  for (const id of ids) expect(stateOf(id)).toBe("idle");
});

test("an instance that makes its own item has no record: it ends at the boot limit", async () => {
  const [instanceId = ""] = await launched(1);
  await bench.clients.dynamodb.send(
    new PutItemCommand({
      TableName: tableName(environment),
      Item: toItem({ key: keyOf(instanceId), version: 1, heartbeatAt: bench.clock.now(), busy: false }),
    }),
  );
  await counted(1);
  await bench.clock.advance(9 * minute);
  expect((await refreshed()).findings).toEqual([]);
  await bench.clock.advance(2 * minute);
  expect((await refreshed()).findings).toMatchObject([{ kind: "end-unrecorded", instanceId, done: true }]);
  expect(machineOf(instanceId)).not.toBe("running");
});

test("a machine that something else manages is not ours, though it carries our environment's name", async () => {
  const [foreign = ""] = await launched(1, "somebody-else");
  await counted(0);
  await bench.clock.advance(60 * minute);
  expect((await refreshed()).findings).toEqual([]);
  expect(machineOf(foreign)).toBe("running");
});

test("whatever its record says, a machine ends once it is older than any life", async () => {
  const [instanceId = "", unreadable = ""] = await launched(2);
  const { idleMs, provisionMs, maxAgeMs } = bench.defaults;
  const longest = maxAgeMs + Math.max(idleMs, 15 * minute) + provisionMs + 5 * day;
  const begun = bench.clock.now();
  const renewed = async (): Promise<void> => {
    const now = bench.clock.now();
    // As anyone who may write records would: it serves somebody, it lives, and it has hours to go.
    const signal = signalOf("registered", 1, now);
    const said = { launchedAt: now, heartbeatAt: now, signal };
    await bench.record({ instanceId, ...ownedBy("7"), state: "running", threshold: now + 60 * minute, ...said });
    await bench.put(toItem({ key: keyOf(unreadable), schema: 9 }));
  };
  await counted(2);
  await bench.clock.advance(longest - minute);
  await renewed();
  expect((await refreshed()).findings).toEqual([]);
  expect(bench.clock.now() - begun).toBeLessThan(longest);
  await bench.clock.advance(2 * minute);
  await renewed();
  const { findings } = await refreshed();
  expect(findings.map(({ kind }) => kind)).toEqual(["end-overdue", "end-overdue"]);
  expect(new Set(findings.map((finding) => finding.instanceId))).toEqual(new Set([instanceId, unreadable]));
  expect([instanceId, unreadable].map(machineOf)).not.toContain("running");
});

test("a threshold beyond any that a move sets counts as past", async () => {
  const [instanceId = ""] = await launched(1);
  await bench.record({ instanceId, ...ownedBy("7"), state: "running", threshold: 9e15 });
  await counted(1);
  expect((await refreshed()).findings).toMatchObject([{ kind: "condemn-expired", instanceId, done: true }]);
});
