// A refresh that finds a thousand expired instances whose machines still run: all condemned, all machines asked to end.
import { runGroup } from "../../domain/owner.ts";
import {
  DynamoDBClient,
  paginateScan,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import {
  EC2Client,
  paginateDescribeInstances,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import type { Counter } from "../../cloud/ports/settings.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { batchesOf } from "../../domain/batches.ts";
import { instanceKey, tags } from "../../domain/names.ts";
import { credentials, place, repository, type BenchCloud, type Environment } from "../bench-cloud.ts";
import { idleInstance } from "../instances.ts";
import { inTurn, rowOf, type Sample, type Targets, type Result } from "../measure.ts";
import { worldOf } from "../requests.ts";
import { wordsOfProblem } from "../../entry/words/reasons.ts";

const expired = 1000;
const rounds = 3;
const atOnce = 100;

/** The ids of a thousand machines of an environment that EC2 runs. */
async function runningMachines(cloud: BenchCloud, environment: Environment): Promise<readonly string[]> {
  const Tags = [
    { Key: tags.environment, Value: environment.name },
    { Key: tags.manager, Value: "pool" },
    { Key: tags.partition, Value: `github:${repository}` },
  ];
  const ids: string[] = [];
  for (let made = 0; made < expired; made += atOnce) {
    const { Instances = [] } = await cloud.ec2.send(
      new RunInstancesCommand({
        ImageId: cloud.image,
        InstanceType: "m5.large",
        MinCount: atOnce,
        MaxCount: atOnce,
        TagSpecifications: [{ ResourceType: "instance", Tags }],
      }),
    );
    ids.push(...Instances.map(({ InstanceId = "" }) => InstanceId));
  }
  return ids;
}

/** Machines that EC2 runs, with records whose thresholds have passed. */
async function expiredPool(cloud: BenchCloud): Promise<Environment> {
  const environment = await cloud.environment();
  for (const some of batchesOf(await runningMachines(cloud, environment), atOnce)) {
    const records = some.map((instanceId) => ({
      ...idleInstance(environment),
      instanceId,
      key: instanceKey(place, instanceId),
      threshold: Date.now() - 1000,
    }));
    await cloud.put(environment, records);
  }
  return environment;
}

const stateOf = (item: Readonly<Record<string, { S?: string }>>): string | undefined => item["state"]?.S;

/** Condemns a thousand and asks EC2 to end their machines; throws where one was left out. */
export async function refreshOnce(cloud: BenchCloud): Promise<Sample> {
  const environment = await expiredPool(cloud);
  const world = worldOf(cloud, environment);
  await world.instances.ofGroup(runGroup("0"));
  await cloud.reset();
  const begun = performance.now();
  // The counters, which the benchmark's environment has none of, are looked at again after half a minute: no part of the work.
  const asked = { ...world, settings: { ...world.settings, counter: async () => countersOf(world) } };
  const report = await refresh(asked);
  const ms = performance.now() - begun;
  const condemned = report.findings.filter(({ kind, done }) => kind === "condemn-expired" && done).length;
  const items = (await cloud.items(environment)) as readonly Record<string, { S?: string }>[];
  const ending = items.filter((item) => stateOf(item) === "terminating").length;
  if (condemned !== expired || ending !== expired)
    throw new Error(`${condemned} condemned, ${ending} terminating: ${report.problems.map(wordsOfProblem).join("; ")}`);
  return { ms, calls: await cloud.calls() };
}

/** Asks, as refresh does, and answers what the records say. */
async function countersOf(world: ReturnType<typeof worldOf>): Promise<Counter> {
  await world.settings.counter("environment");
  return { count: expired, reserved: expired };
}

/** What a hostile instance writes over what an agent would have: each of a kind that once stopped a refresh. */
const poisons: readonly object[] = [
  { version: 2 ** 60 },
  { version: "7" },
  { agentVersion: "x".repeat(390 * 1024) },
  { vitals: { listener: "none", jobs: 1, diskFree: 0.8, runnerVersion: 5 } },
  { signal: [] },
  { heartbeatAt: 9e15 },
];

/** A thousand idle instances whose machines run, so many of them hostile: each of those is condemned, and nothing else changes. */
export async function refreshHostileOnce(cloud: BenchCloud, hostile: number): Promise<Sample> {
  const environment = await cloud.environment();
  const ids = await runningMachines(cloud, environment);
  const records = ids.map((instanceId, index) => ({
    ...idleInstance(environment),
    instanceId,
    key: instanceKey(place, instanceId),
    imageId: cloud.image,
    ...(index < hostile ? poisons[index % poisons.length] : {}),
  }));
  await cloud.put(environment, records);
  const world = worldOf(cloud, environment);
  await world.instances.ofGroup(runGroup("0"));
  await cloud.reset();
  const begun = performance.now();
  const report = await refresh({ ...world, settings: { ...world.settings, counter: async () => countersOf(world) } });
  const ms = performance.now() - begun;
  const done = report.findings.filter((finding) => finding.done).length;
  if (done !== hostile || report.findings.length !== hostile || report.problems.length > 0)
    throw new Error(
      `${done} of ${report.findings.length} findings done: ${report.problems.map(wordsOfProblem).join("; ")}`,
    );
  return { ms, calls: await cloud.calls() };
}

async function referenceOnce(cloud: BenchCloud): Promise<Sample> {
  const environment = await expiredPool(cloud);
  const options = { region: place.region, endpoint: cloud.front, credentials };
  const [client, ec2] = [new DynamoDBClient(options), new EC2Client(options)];
  await cloud.reset();
  const begun = performance.now();
  const keys: string[] = [];
  for await (const page of paginateScan({ client }, { TableName: environment.table, ConsistentRead: true }))
    keys.push(...(page.Items ?? []).map(({ key }) => key?.S ?? "").filter((key) => key.startsWith("arn:")));
  const Filters = [{ Name: `tag:${tags.environment}`, Values: [environment.name] }];
  for await (const _ of paginateDescribeInstances({ client: ec2, pageSize: 1000 }, { Filters })) continue;
  for (const some of batchesOf(keys, atOnce)) {
    const TransactItems = some.map((key): TransactWriteItem => condemning(environment.table, key));
    await client.send(new TransactWriteItemsCommand({ TransactItems }));
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: some.map((key) => key.split("/").at(-1) ?? "") }));
  }
  return { ms: performance.now() - begun, calls: await cloud.calls() };
}

const condemning = (TableName: string, key: string): TransactWriteItem => ({
  Update: {
    TableName,
    Key: { key: { S: key } },
    UpdateExpression: "SET #state = :to",
    ConditionExpression: "#threshold < :now",
    ExpressionAttributeNames: { "#state": "state", "#threshold": "threshold" },
    ExpressionAttributeValues: { ":to": { S: "terminating" }, ":now": { N: String(Date.now()) } },
  },
});

export async function refreshRow(cloud: BenchCloud, targets: Targets): Promise<Result> {
  const { samples, references } = await inTurn(
    rounds,
    () => refreshOnce(cloud),
    () => referenceOnce(cloud),
  );
  return rowOf("refresh-1000", samples, references, targets);
}
