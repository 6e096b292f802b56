// The benchmark's cloud as its rows see it: environments to furnish, calls to count, agents that answer.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { BatchWriteItemCommand, DynamoDBClient, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { toItem } from "../cloud/aws/attribute-values.ts";
import { defaultsItem } from "../cloud/aws/configuration-items.ts";
import { domainDefaults, domainPlan } from "../test/world/domain-plan.ts";
import { furnish, putItem } from "../sim/furnish.ts";
import type { CallCounts } from "../sim/http/call-counts.ts";
import { batchesOf } from "../domain/batches.ts";
import type { Defaults } from "../domain/configuration.ts";
import { maxima } from "../domain/limits.ts";
import { tableName } from "../domain/names.ts";
import { messageOf } from "../domain/pool-message.ts";
import type { InstanceRecord } from "../domain/record.ts";
import { defaultResourceClasses } from "../domain/resource-class.ts";
import { indexedBy, table } from "../domain/table.ts";

export const place = { awsPartition: "aws", region: "us-east-1", account: "123456789012" } as const;
export const repository = "example/shop";
export const forgeToken = "ghp_benchmarkbenchmarkbenchmarkxxxxxxxxx";
export const credentials = { accessKeyId: "AKIDBENCH", secretAccessKey: "bench" };

export type Ask =
  | { readonly what: "calls" | "reset" }
  | { readonly what: "signals" | "items"; readonly table: string }
  | { readonly what: "agents"; readonly answering: boolean; readonly delayMs: readonly [number, number] };
export interface Reply {
  readonly id: number;
  readonly answer: unknown;
}
interface Opened {
  readonly front: string;
  readonly back: string;
  readonly github: string;
  readonly subnets: Defaults["subnets"];
  readonly image: string;
}

export interface Environment {
  readonly name: string;
  readonly table: string;
  readonly defaults: Defaults;
}

export interface BenchCloud extends Opened {
  /** A new environment: its own table and queues, no instance. */
  environment(further?: Partial<Defaults>): Promise<Environment>;
  /** Writes records, and for those that are idle their messages. */
  put(environment: Environment, records: readonly InstanceRecord[]): Promise<void>;
  /** Calls at the front door since the last reset. */
  calls(): Promise<number>;
  callsByAction(): Promise<CallCounts>;
  reset(): Promise<void>;
  /** Epoch ms of the last signal of each kind. */
  signals(environment: Environment): Promise<Readonly<Record<string, number>>>;
  items(environment: Environment): Promise<readonly Readonly<Record<string, AttributeValue>>[]>;
  agents(answering: boolean, delayMs?: readonly [number, number]): Promise<void>;
  readonly ec2: EC2Client;
  close(): void;
}

type AskCloud = (ask: Ask) => Promise<unknown>;

export async function openBenchCloud(): Promise<BenchCloud> {
  const child = fork(join(import.meta.dirname, "cloud-process.ts"), { stdio: "inherit" });
  const [first] = (await once(child, "message")) as [{ answer: Opened }];
  const opened = first.answer;
  const waiting = new Map<number, (answer: unknown) => void>();
  child.on("message", ({ id, answer }: Reply) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let asked = 0;
  const ask: AskCloud = (ask) =>
    new Promise((resolve) => {
      waiting.set(++asked, resolve);
      child.send({ id: asked, ask });
    });
  const options = { region: place.region, endpoint: opened.back, credentials };
  const clients = {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
  };
  let made = 0;
  const callsByAction = async (): Promise<CallCounts> => (await ask({ what: "calls" })) as CallCounts;
  return {
    ...opened,
    ec2: clients.ec2,
    environment: (further) => furnishOne(clients, opened, `b${process.pid}-${++made}`, further),
    put: (environment, records) => put(clients, opened, environment, records),
    callsByAction,
    calls: async () =>
      Object.values(await callsByAction())
        .flatMap((actions) => Object.values(actions))
        .reduce((sum, count) => sum + count, 0),
    reset: async () => void (await ask({ what: "reset" })),
    signals: async ({ table: name }) => (await ask({ what: "signals", table: name })) as Record<string, number>,
    items: async ({ table: name }) =>
      (await ask({ what: "items", table: name })) as readonly Record<string, AttributeValue>[],
    agents: async (answering, delayMs = [0, 0]) => void (await ask({ what: "agents", answering, delayMs })),
    close: () => child.disconnect(),
  };
}

interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
}

async function furnishOne(
  clients: Clients,
  { front, back, github, subnets, image }: Opened,
  environment: string,
  further: Partial<Defaults> = {},
): Promise<Environment> {
  const { large } = defaultResourceClasses;
  const environmentOptions = {
    environment,
    ...place,
    classes: large === undefined ? defaultResourceClasses : { large },
    architectures: ["x64" as const],
    images: { x64: image },
    subnets,
    forge: { kind: "github" as const, serverUrl: github, apiUrl: github, repositories: [repository] },
  };
  const furnished = await furnish(clients, domainPlan(environmentOptions));
  // A queue's URL is of the door that it was made at; the SDK follows it.
  const queueUrls = Object.fromEntries(
    Object.entries(furnished.queueUrls).map(([name, url]) => [name, url.replace(back, front)]),
  );
  const roomy = { maxInstances: 5000, maxInstancesPerPartition: 5000 };
  const defaults = { ...domainDefaults(environmentOptions, { ...furnished, queueUrls }), ...roomy, ...further };
  await putItem(clients.dynamodb, tableName(environment), defaultsItem(defaults));
  return { name: environment, table: tableName(environment), defaults };
}

const stored = (record: InstanceRecord) => toItem({ ...record, ...indexedBy(record), [table.key]: record.key });

async function put(
  { dynamodb, sqs }: Clients,
  { front, back }: Opened,
  environment: Environment,
  records: readonly InstanceRecord[],
): Promise<void> {
  for (const batch of batchesOf(records, 25)) {
    const RequestItems = { [environment.table]: batch.map((record) => ({ PutRequest: { Item: stored(record) } })) };
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
  }
  const idle = records.filter(({ state }) => state === "idle");
  const QueueUrl = environment.defaults.queues["large"]?.url.replace(front, back);
  for (const batch of batchesOf(idle, maxima.poolBatch)) {
    const Entries = batch.map((record, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(messageOf(record)),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}
