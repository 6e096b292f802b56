// What Terraform asks before it changes anything of an environment, on the embedded cloud; and that all waits for the answer.
import { DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { DescribeSubnetsCommand, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { furnishFromStack } from "../../sim/furnish-from-stack.ts";
import { resourcesOf } from "../../sim/stack-file.ts";
import { queueName, templateName, unreadableQueueName } from "../../domain/class-keys.ts";
import { tableName, tags } from "../../domain/names.ts";
import { refusedRemovals } from "../../entry/refused-removals.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { keptOf } from "../../stacks/constructs/kept.ts";
import { partitionSuffix } from "../../stacks/environment/partitions.ts";
import { embeddedFor } from "./embedded.ts";
import { isAllowed, policyText, statementsIn } from "./evaluate-policy.ts";
import { exampleWith, machines, stackNamed, synthesized } from "./synthesized.ts";

const docs = "github:octo-org/docs";
const [large, huge] = [
  { cpu: 2, mmem: 4096 },
  { cpu: 32, mmem: 65_536 },
];
const own = (changes: Partial<EnvironmentFile>): EnvironmentFile =>
  exampleWith({ classes: { large, huge }, ...changes });
const both = own({});
const forgotten = own({ classes: { large } });
const pool = stackNamed(synthesized(both), "example-pool");

async function deployed() {
  const { clients, url } = await embeddedFor(pool);
  await furnishFromStack(clients, pool);
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const options = { environment: "example", region: "eu-central-1", env: {}, aws: { endpoint: url, credentials } };
  /** What is said of this description; "" where it may be deployed. */
  const asked = async (file: EnvironmentFile): Promise<string> =>
    (await refusedRemovals(keptOf(readEnvironment(file, "example")), options)).join("");
  return { clients, asked };
}

type Clients = Awaited<ReturnType<typeof deployed>>["clients"];

/** A machine of `huge` and of the partition of `docs`, in the first zone, as a provision launches it. */
async function launched({ ec2 }: Clients): Promise<string> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const carried = { [tags.environment]: "example", [tags.manager]: "pool", [tags.resourceClass]: "huge" };
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      LaunchTemplate: {
        LaunchTemplateName: `${templateName("example", "huge", "x64")}${partitionSuffix(docs)}`,
        Version: "1",
      },
      ImageId: "ami-0a1b2c3d4e5f60001",
      SubnetId: Subnets.find(({ AvailabilityZone }) => AvailabilityZone === "eu-central-1a")?.SubnetId,
      InstanceType: "m5.large",
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [
        {
          ResourceType: "instance",
          Tags: Object.entries({ ...carried, [tags.partition]: docs }).map(([Key, Value]) => ({ Key, Value })),
        },
      ],
    }),
  );
  return Instances[0]?.InstanceId ?? "";
}

test("what an instance stands on is refused with the field, the instance and the way; what it does not, and what is added, passes", async () => {
  const { clients, asked } = await deployed();
  expect(await asked(forgotten)).toBe("");
  const id = await launched(clients);
  const { network, forge } = both;
  const zones = (...names: string[]) => own({ network: { ...network, zones: names } as EnvironmentFile["network"] });
  const inUse = (field: string, what: string): string =>
    `example: ${field}: ${what} is in use: 1 instance stands on it: ${id}\n`;

  expect(await asked(forgotten)).toBe(
    `${inUse("retiredClasses", 'class "huge"')}Add "huge" to retiredClasses and deploy; ` +
      "take it out again once nothing of it is left: npm run runpool -- doctor -e example says so\n",
  );
  expect(await asked(own({ forge: { ...forge, repositories: ["octo-org/octo-repo"] } }))).toContain(
    `${inUse("retiredPartitions", `partition "${docs}"`)}Add "${docs}": "octo-org/docs" to retiredPartitions`,
  );
  const only = (architecture: "x64" | "arm64") => {
    const { [architecture]: image = { pipeline: true as const } } = both.defaults.image;
    return own(machines({ architectures: [architecture], image: { [architecture]: image } }));
  };
  expect(await asked(only("arm64"))).toContain(inUse("retiredArchitectures", 'architecture "x64" of class "huge"'));
  expect(await asked(zones("eu-central-1b", "eu-central-1c"))).toContain(
    `${inUse("network.zones", "the subnet of eu-central-1a")}Keep it, or empty the environment first: npm run runpool -- drain --all`,
  );
  expect(await asked(own({ forge: { ...forge, organisation: "octo-org" } }))).toContain(
    inUse("forge", `octo-org/docs, where the runners of "${docs}" are registered,`),
  );

  // Another zone, another architecture, another partition's move; and whatever is retired or added.
  for (const passes of [
    zones("eu-central-1a", "eu-central-1b"),
    only("x64"),
    own({ classes: { large: { ...large, architectures: ["arm64"] }, huge } }),
    own({ partitions: { web: ["octo-org/octo-repo"] } }),
    own({ classes: { large }, retiredClasses: ["huge"] }),
    own({ forge: { ...forge, repositories: ["octo-org/octo-repo"] }, retiredPartitions: { [docs]: "octo-org/docs" } }),
    own({ classes: { large, huge, xlarge: huge } }),
    own({ forge: { ...forge, repositories: [...forge.repositories, "octo-org/more"] } }),
  ])
    expect(await asked(passes)).toBe("");

  await clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  expect(await asked(forgotten)).toBe("");
});

test("a class with a message left, be it one that was unreadable, is refused too", async () => {
  const { clients, asked } = await deployed();
  for (const name of [queueName("example", "huge"), unreadableQueueName("example", "huge")]) {
    const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: name }));
    await clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" }));
    expect(await asked(forgotten)).toContain(`class "huge" is in use: the queue ${name} holds about 1 message\n`);
    const { Messages = [] } = await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    for (const { ReceiptHandle } of Messages)
      await clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
  expect(await asked(forgotten)).toBe("");
});

test("an environment without a table has nothing to take away", async () => {
  const { clients, asked } = await deployed();
  await launched(clients);
  await clients.dynamodb.send(new DeleteTableCommand({ TableName: tableName("example") }));
  expect(await asked(forgotten)).toBe("");
});

test("everything of the pool waits for the guard, what it replaces goes after what replaces it, and the configuration names what is there", () => {
  const everything = Object.entries(pool.resource ?? {}).flatMap(([type, made]) =>
    Object.entries(made).map(([id, block]) => ({ address: `${type}.${id}`, type, block })),
  );
  const guards = everything.filter(({ type }) => type === "terraform_data").map(({ address }) => address);
  const parts = everything.filter(({ type }) => type !== "terraform_data" && type !== "aws_dynamodb_table_item");
  expect(guards.toSorted()).toEqual(["destroy-guard", "place", "removal-guard"].map((id) => `terraform_data.${id}`));
  expect(parts.length).toBeGreaterThan(30);
  for (const { address, block } of parts) {
    expect(block["depends_on"], address).toContain("terraform_data.removal-guard");
    expect(block["lifecycle"], address).toEqual({ create_before_destroy: true });
  }
  const [item] = resourcesOf(pool, "aws_dynamodb_table_item");
  const named = item?.[1]["depends_on"] as readonly string[];
  expect(named.toSorted()).toEqual(["terraform_data.removal-guard", ...parts.map(({ address }) => address)].toSorted());
});

test("a workflow that deploys may ask what the guard asks", () => {
  const deployFrom = { repository: "octo-org/infrastructure", githubEnvironment: "production" };
  const forge = { ...both.forge, repositoryIds: { "octo-org/infrastructure": "1/3" } };
  const control = stackNamed(synthesized(own({ forge, deployFrom })), "example-control");
  const [, role] = resourcesOf(control, "aws_iam_role_policy").find(([id]) => id === "deploy-policy") ?? [];
  const statements = statementsIn(policyText(role ?? {}));
  const queue = `arn:aws:sqs:eu-central-1:111122223333:${queueName("example", "huge")}`;
  const item = { "dynamodb:LeadingKeys": ["configuration#defaults"] };
  for (const [action, resource, context] of [
    ["ec2:DescribeInstances", "*", {}],
    ["dynamodb:GetItem", `arn:aws:dynamodb:eu-central-1:111122223333:table/${tableName("example")}`, item],
    ["sqs:GetQueueUrl", queue, {}],
    ["sqs:GetQueueAttributes", `${queue}-unreadable`, {}],
  ] as const)
    expect(isAllowed(statements, { action, resource, context }), action).toBe(true);
});
