// The embedded cloud is furnished from the synthesized stack, and the control plane's adapters run on what that makes.
import { runGroup } from "../../domain/owner.ts";
import { DescribeLaunchTemplatesCommand } from "@aws-sdk/client-ec2";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { instances } from "../../cloud/aws/instances.ts";
import { settings } from "../../cloud/aws/settings.ts";
import { furnishFromStack } from "../../sim/furnish-from-stack.ts";
import type { StackFile } from "../../sim/stack-file.ts";
import { templateOf } from "../../domain/configuration.ts";
import { tableName } from "../../domain/names.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { embeddedFor } from "./embedded.ts";
import { exampleWith, machines, stackNamed, synthesized } from "./synthesized.ts";

const script = "#!/bin/bash\necho \"${HOME} %{x} $${y} \\ é\" 'q'\n";
const pool = stackNamed(synthesized(exampleWith(machines({ preRunner: { script } }))), "example-pool");

async function furnished(stack: StackFile) {
  const { clients, clock } = await embeddedFor(stack);
  await furnishFromStack(clients, stack);
  const place = { environment: "example", region: "eu-central-1" };
  const stored = settings({
    client: clients.dynamodb,
    table: tableName("example"),
    clock,
    random: { next: () => 0 },
    ...place,
  });
  return { clients, clock, stored };
}

test("the configuration that the stack writes is read without a problem, every text as the environment file has it", async () => {
  const { configuration } = await (await furnished(pool)).stored.load();
  expect(configuration.resourceClasses).toEqual(defaultResourceClasses);
  expect(configuration.preRunnerScript).toBe(script);
  expect(configuration.maxInstances).toBe(40);
  expect(configuration.subnets.map(({ zone }) => zone)).toEqual(["eu-central-1a", "eu-central-1b", "eu-central-1c"]);
});

test("each class has its queues and templates, by the very ids that the configuration names", async () => {
  const { clients, stored } = await furnished(pool);
  const { configuration } = await stored.load();
  for (const { url, unreadableUrl } of Object.values(configuration.queues))
    for (const QueueUrl of [url, unreadableUrl])
      await clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  const ids = Object.values(configuration.templates).map(({ id }) => id);
  // Seven classes, two architectures, two partitions.
  expect(ids).toHaveLength(28);
  const { LaunchTemplates = [] } = await clients.ec2.send(
    new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: ids }),
  );
  for (const { LaunchTemplateName } of LaunchTemplates)
    expect(LaunchTemplateName).toMatch(/^runpool-example_.*-[0-9a-f]{8}$/);
  const docs = { partition: "github:octo-org/docs", resourceClass: "large", architecture: "x64" } as const;
  expect(ids).toContain(templateOf(configuration, docs)?.id);
});

test("a stack whose index has another name makes the control plane fail", async () => {
  const lookUp = async (stack: StackFile) => {
    const { clients, clock } = await furnished(stack);
    return instances({ client: clients.dynamodb, table: tableName("example"), clock }).ofGroup(runGroup("1001"));
  };
  const renamed = JSON.parse(JSON.stringify(pool).replace('"name":"by-owner"', '"name":"by-ownr"')) as StackFile;
  expect((await lookUp(pool)).items).toEqual([]);
  await expect(lookUp(renamed)).rejects.toThrow(/by-owner|index/);
});

test("a stack without a table, or whose item points at nothing, does not furnish", async () => {
  const without = (type: string): StackFile => ({
    ...pool,
    resource: Object.fromEntries(Object.entries(pool.resource ?? {}).filter(([name]) => name !== type)),
  });
  const { clients } = await embeddedFor(pool);
  await expect(furnishFromStack(clients, without("aws_dynamodb_table"))).rejects.toThrow(/aws_dynamodb_table/);
  await expect(furnishFromStack(clients, without("aws_launch_template"))).rejects.toThrow(/aws_launch_template\./);
});
