// A stand of the AWS adapters on any endpoint that speaks AWS: the ports, furnished for a test file of its own.
import { randomBytes } from "node:crypto";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DescribeSubnetsCommand, EC2Client, RegisterImageCommand } from "@aws-sdk/client-ec2";
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { clientOptions } from "../../cloud/aws/client-options.ts";
import { fleet } from "../../cloud/aws/fleet.ts";
import { instances } from "../../cloud/aws/instances.ts";
import { ownInstance } from "../../cloud/aws/own-instance.ts";
import { pool } from "../../cloud/aws/pool.ts";
import { beginnings, savedRequests } from "../../cloud/aws/saved-requests.ts";
import { secretFolder } from "../../cloud/aws/secret-folder.ts";
import { secrets } from "../../cloud/aws/secrets.ts";
import { settings } from "../../cloud/aws/settings.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import { chance } from "../../sim/chance.ts";
import { domainDefaults, domainPlan } from "../world/domain-plan.ts";
import { furnish, putItem } from "../../sim/furnish.ts";
import { instanceKey, tableName, type Place } from "../../domain/names.ts";
import type { Defaults } from "../../domain/configuration.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import type { Stand } from "./stand.ts";

export interface AwsStandOptions {
  readonly endpoint: string;
  readonly place: Place;
  readonly clock: Clock;
  readonly close?: () => Promise<void>;
  /** The SDK's tries of one call; as deployed where absent. */
  readonly maxAttempts?: number;
}

/**
 * As deployed, but without time-outs: the embedded cloud answers or breaks the connection, and on a busy machine it takes longer than a
 * second and a half to open one of a hundred at once.
 */
const unhurried = { ...clientOptions(), requestHandler: { connectionTimeout: 0, requestTimeout: 0 } };

const awsClients = ({ endpoint, place, maxAttempts }: AwsStandOptions) => {
  const config = {
    ...unhurried,
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    endpoint,
    region: place.region,
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  };
  return {
    dynamodb: new DynamoDBClient(config),
    sqs: new SQSClient(config),
    ec2: new EC2Client(config),
    ssm: new SSMClient(config),
  };
};

export interface AwsStand extends Stand {
  readonly clients: Clients;
  readonly table: string;
}

type Clients = ReturnType<typeof awsClients>;

/** One subnet a zone. */
async function subnetsOf(client: EC2Client): Promise<Defaults["subnets"]> {
  const { Subnets } = await client.send(new DescribeSubnetsCommand({}));
  const byZone = new Map((Subnets ?? []).map(({ SubnetId, AvailabilityZone }) => [AvailabilityZone, SubnetId]));
  return [...byZone].map(([zone = "", id = ""]) => ({ id, zone }));
}

async function imageOf(client: EC2Client, Name: string): Promise<string> {
  const register = new RegisterImageCommand({ Name, Architecture: "x86_64", RootDeviceName: "/dev/xvda" });
  return (await client.send(register)).ImageId ?? "";
}

/** An environment as its stack would make it. */
async function furnished(clients: Clients, environment: string, place: Place): Promise<Defaults> {
  const options = {
    environment,
    ...place,
    classes: defaultResourceClasses,
    architectures: ["x64" as const],
    images: { x64: await imageOf(clients.ec2, `runpool-${environment}`) },
    subnets: await subnetsOf(clients.ec2),
    forge: {
      kind: "github" as const,
      serverUrl: "https://github.test",
      apiUrl: "https://api.github.test",
      repositories: ["acme/shop"],
    },
  };
  const defaults = domainDefaults(options, await furnish(clients, domainPlan(options)));
  await putItem(clients.dynamodb, tableName(environment), defaultsItem(defaults));
  return defaults;
}

/** Each stand is an environment of its own, so several may share an endpoint. */
export async function openAwsStand(options: AwsStandOptions): Promise<AwsStand> {
  const { place, clock } = options;
  const clients = awsClients(options);
  const environment = `t${randomBytes(4).toString("hex")}`;
  const defaults = await furnished(clients, environment, place);
  const table = tableName(environment);
  const common = { client: clients.dynamodb, table, clock };
  const random = chance(environment);
  const queues = (name: string) => {
    const urls = defaults.queues[name];
    return urls === undefined ? Promise.reject(new Error(`no queue of ${name}`)) : Promise.resolve(urls);
  };
  return {
    clients,
    table,
    defaults,
    now: () => clock.now(),
    pass: (ms) => clock.sleep(ms),
    instances: instances(common),
    settings: settings({ ...common, environment, region: place.region, random }),
    pool: pool({ client: clients.sqs, queues }),
    fleet: fleet({ ec2: () => clients.ec2, ssm: () => clients.ssm, environment }),
    beginnings: beginnings(common),
    requests: savedRequests(common),
    secrets: secrets(clients.ssm),
    secretFolder: secretFolder(clients.ssm),
    machine: () => {
      const instanceId = `i-${randomBytes(8).toString("hex")}0`;
      const key = instanceKey(place, instanceId);
      return Promise.resolve({ key, instanceId, own: ownInstance({ ...common, key }) });
    },
    damage: async (key, attributes) => {
      await clients.dynamodb.send(new PutItemCommand({ TableName: table, Item: toItem({ key, ...attributes }) }));
    },
    sendText: async (name, text) => {
      const { url } = await queues(name);
      await clients.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: text }));
    },
    setAside: async (name) => {
      const QueueUrl = (await queues(name)).unreadableUrl;
      const names = ["ApproximateNumberOfMessages" as const];
      const { Attributes } = await clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names }));
      return Number(Attributes?.ApproximateNumberOfMessages);
    },
    takeAside: async (name) => {
      const QueueUrl = (await queues(name)).unreadableUrl;
      const command = new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"] });
      const [message] = (await clients.sqs.send(command)).Messages ?? [];
      return { body: message?.Body ?? "", problem: message?.MessageAttributes?.["problem"]?.StringValue ?? "" };
    },
    close: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await options.close?.();
    },
  };
}
