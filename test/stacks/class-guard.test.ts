// A class is taken out: Terraform itself refuses while there is anything of it, and lets its queues go once there is nothing.
//
// The real Terraform and AWS provider apply the pool's stack to an independent AWS stand-in (moto).
import { EC2Client, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { GetQueueUrlCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { queueName, tags, templateName, unreadableQueueName } from "../../domain/names.ts";
import { rendered, resourcesOf, textOf } from "../../cloud/sim/stack-file.ts";
import type { EnvironmentFile } from "../../stacks/environment.ts";
import { isAllowed, type PolicyStatement } from "./evaluate-policy.ts";
import { exampleWith, stackNamed, synthesized } from "./synthesized.ts";
import { onMoto, type Workspace } from "./terraform.ts";

const minutes = 60_000;
const [large, huge] = [
  { cpu: 2, mmem: 4096 },
  { cpu: 32, mmem: 65_536 },
];
const own = (changes: Partial<EnvironmentFile>): EnvironmentFile => {
  const { arm64: _, ...images } = exampleWith({}).images;
  const forge = { repositories: ["octo-org/octo-repo"] };
  return exampleWith({ account: "123456789012", forge, architectures: ["x64"], images, ...changes });
};
const both = own({ resourceClasses: { large, huge } });
const retired = own({ resourceClasses: { large }, retiredClasses: ["huge"] });
const forgotten = own({ resourceClasses: { large } });
const stack = "example-pool";

const apply = (workspace: Workspace, file: EnvironmentFile) => {
  workspace.describe([file]);
  return workspace.run(stack, "apply", "-auto-approve", "-input=false");
};
const queuesOf = async (workspace: Workspace): Promise<readonly string[]> => {
  const { output } = await workspace.run(stack, "state", "list");
  return output.split("\n").filter((line) => line.startsWith("aws_sqs_queue."));
};

async function refuses(workspace: Workspace, file: EnvironmentFile, ...reasons: readonly string[]): Promise<void> {
  const held = await workspace.run(stack, "state", "list");
  const { code, output } = await apply(workspace, file);
  expect(code, output).not.toBe(0);
  const said = output.replaceAll(/[\s│]+/g, " ");
  expect(said).toContain('environments/example.ts: retiredClasses: class "huge" is in use, and must be named here: ');
  for (const reason of reasons) expect(said).toContain(reason);
  // Neither a queue nor a template, nor the defaults that name them, has been touched.
  expect(await workspace.run(stack, "state", "list")).toEqual(held);
}

/** One machine of the class, as a provision launches it. */
async function launched(ec2: EC2Client): Promise<string> {
  const carried = { [tags.environment]: "example", [tags.manager]: "pool", [tags.resourceClass]: "huge" };
  const Tags = Object.entries(carried).map(([Key, Value]) => ({ Key, Value }));
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      LaunchTemplate: { LaunchTemplateName: templateName("example", "huge", "x64"), Version: "1" },
      ImageId: "ami-0a1b2c3d4e5f60001",
      InstanceType: "m5.large",
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: "instance", Tags }],
    }),
  );
  return Instances[0]?.InstanceId ?? "";
}

test(
  "a class's queues go only once nothing is left of it: no instance, no message, and none that was unreadable",
  { timeout: 10 * minutes },
  async (context) => {
    const { url: moto, workspace } = await onMoto(context, [both]);
    expect((await workspace.run(stack, "init", "-input=false")).output).toContain("successfully initialized");
    expect((await apply(workspace, both)).output).toContain("Apply complete!");

    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    const options = { region: "eu-central-1", endpoint: moto, credentials };
    const [ec2, sqs] = [new EC2Client(options), new SQSClient(options)];
    const url = async (QueueName: string) => (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
    const [queue, unreadable] = [
      await url(queueName("example", "huge")),
      await url(unreadableQueueName("example", "huge")),
    ];
    for (const QueueUrl of [queue, unreadable]) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" }));
    const id = await launched(ec2);

    // Never named as retired, then named, then forgotten too soon.
    await refuses(
      workspace,
      forgotten,
      `1 instances live: ${id}`,
      "the queue runpool-example_huge holds about 1 message",
    );
    expect((await apply(workspace, retired)).output).toContain("Apply complete!");
    expect(await queuesOf(workspace)).toHaveLength(4);
    await refuses(workspace, forgotten, id);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await refuses(workspace, forgotten, "the queue runpool-example_huge holds about 1 message");
    await sqs.send(new PurgeQueueCommand({ QueueUrl: queue }));
    await refuses(workspace, forgotten, "the queue runpool-example_huge-unreadable holds about 1 message");
    await sqs.send(new PurgeQueueCommand({ QueueUrl: unreadable }));
    const gone = await apply(workspace, forgotten);
    expect(gone.output).toContain("Apply complete!");
    expect(await queuesOf(workspace)).toHaveLength(2);

    // Another class asks nobody.
    expect((await apply(workspace, own({ resourceClasses: { large, xlarge: huge } }))).output).toContain(
      "Apply complete!",
    );
    expect(await queuesOf(workspace)).toHaveLength(4);
  },
);

test("the guard goes before any queue and any launch template, and the defaults wait for it", () => {
  const pool = stackNamed(synthesized(both), stack);
  const guard = resourcesOf(pool, "terraform_data").find(([id]) => id === "class-guard");
  const parts = ["aws_sqs_queue", "aws_launch_template"].flatMap((type) =>
    resourcesOf(pool, type).map(([id]) => `${type}.${id}`),
  );
  expect(parts.length).toBe(6);
  expect(guard?.[1]["depends_on"]).toEqual(expect.arrayContaining(parts));
  const [item] = resourcesOf(pool, "aws_dynamodb_table_item");
  expect(item?.[1]["depends_on"]).toEqual(["terraform_data.class-guard"]);
  expect(guard?.[1]["triggers_replace"]).toEqual({ classes: "huge,large" });
});

test("whoever deploys from a workflow may ask what the guard asks", () => {
  const deployFrom = { repository: "octo-org/infrastructure", githubEnvironment: "production" };
  const forge = {
    repositories: ["octo-org/octo-repo"],
    repositoryIds: { "octo-org/infrastructure": "1/3" },
  };
  const control = stackNamed(synthesized(own({ resourceClasses: { large }, forge, deployFrom })), "example-control");
  const [, role] = resourcesOf(control, "aws_iam_role_policy").find(([id]) => id === "deploy-policy") ?? [];
  const text = rendered(textOf(role ?? {}, "policy"), (type, id) => {
    throw new Error(`a policy refers to ${type}.${id}`);
  });
  const { Statement } = JSON.parse(text) as { Statement: readonly PolicyStatement[] };
  const queue = `arn:aws:sqs:eu-central-1:123456789012:${queueName("example", "huge")}`;
  for (const [action, resource] of [
    ["ec2:DescribeInstances", "*"],
    ["sqs:GetQueueUrl", queue],
    ["sqs:GetQueueAttributes", `${queue}-unreadable`],
  ] as const)
    expect(isAllowed(Statement, { action, resource, context: {} }), action).toBe(true);
});
