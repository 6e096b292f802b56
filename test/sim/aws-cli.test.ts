// An independent client reads the embedded cloud: the AWS CLI, where one is installed.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { needs } from "../tools.ts";
import { openTestCloud, type TestCloud } from "./test-cloud.ts";

const run = promisify(execFile);

let cloud: TestCloud;
let version: string | undefined;
beforeAll(async () => {
  cloud = await openTestCloud();
});
afterAll(() => cloud.close());

/** SQS changed to JSON in 1.29.127 and 2.13.28; what is older speaks the Query protocol. */
const speaksJsonToSqs = (): boolean => {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major === 1 ? minor >= 30 : minor >= 14;
};

async function aws(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run("aws", ["--endpoint-url", cloud.door.url, "--output", "json", ...args], {
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_PAGER: "",
      AWS_MAX_ATTEMPTS: "1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  return stdout.trim() === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
}

/** Skips where there is none, or one that does not work: a wrapper on the PATH may have nothing behind it. */
const demandCli = async (ctx: TestContext): Promise<void> => {
  needs(ctx, "aws");
  const { stdout, stderr } = await run("aws", ["--version"]).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  version = /aws-cli\/([\d.]+)/.exec(stdout + stderr)?.[1];
  if (version === undefined) ctx.skip(`\`aws --version\` fails: ${stderr}`);
};

test("the AWS CLI creates a table, writes and reads items, and is told of a failed condition", async (ctx) => {
  await demandCli(ctx);
  const table = ["--table-name", "cli"];
  await aws(
    "dynamodb",
    "create-table",
    ...table,
    "--billing-mode",
    "PAY_PER_REQUEST",
    "--key-schema",
    "AttributeName=id,KeyType=HASH",
    "--attribute-definitions",
    "AttributeName=id,AttributeType=S",
  );
  await aws("dynamodb", "wait", "table-exists", ...table);
  await aws("dynamodb", "put-item", ...table, "--item", '{"id": {"S": "i-1"}, "version": {"N": "1"}}');
  const update = [
    "--key",
    '{"id": {"S": "i-1"}}',
    "--update-expression",
    "SET version = version + :one",
    "--condition-expression",
    "version = :one",
    "--expression-attribute-values",
    '{":one": {"N": "1"}}',
    "--return-values",
    "ALL_NEW",
  ];
  expect(await aws("dynamodb", "update-item", ...table, ...update)).toEqual({
    Attributes: { id: { S: "i-1" }, version: { N: "2" } },
  });
  await expect(aws("dynamodb", "update-item", ...table, ...update)).rejects.toThrow(
    "An error occurred (ConditionalCheckFailedException) when calling the UpdateItem operation: The conditional request failed",
  );
  expect(await aws("dynamodb", "scan", ...table)).toMatchObject({ Count: 1, ScannedCount: 1 });
  await expect(aws("dynamodb", "restore-table-to-point-in-time", "--target-table-name", "other")).rejects.toThrow(
    "UnknownOperationException",
  );
});

test("the AWS CLI sends, receives and deletes messages", async (ctx) => {
  await demandCli(ctx);
  if (!speaksJsonToSqs()) ctx.skip(`AWS CLI ${version} speaks the older Query protocol to SQS`);
  const { QueueUrl } = await aws("sqs", "create-queue", "--queue-name", "cli");
  const url = ["--queue-url", String(QueueUrl)];
  await aws("sqs", "send-message", ...url, "--message-body", "hello");
  const { Messages } = (await aws("sqs", "receive-message", ...url, "--wait-time-seconds", "1")) as {
    Messages: { Body: string; ReceiptHandle: string }[];
  };
  expect(Messages.map(({ Body }) => Body)).toEqual(["hello"]);
  await aws("sqs", "delete-message", ...url, "--receipt-handle", Messages[0]?.ReceiptHandle ?? "");
  expect(cloud.queues.messages("cli")).toEqual([]);
  const missing = aws("sqs", "send-message", "--queue-url", `${cloud.door.url}/1/nobody`, "--message-body", "x");
  await expect(missing).rejects.toThrow("AWS.SimpleQueueService.NonExistentQueue");
});

test("the AWS CLI makes a template and a fleet, finds the machine by its tag and ends it", async (ctx) => {
  await demandCli(ctx);
  const { machines } = cloud;
  const data = {
    ImageId: machines.addImage({ name: "runner", architecture: "x86_64" }),
    InstanceInitiatedShutdownBehavior: "terminate",
  };
  const template = ["--launch-template-name", "pool", "--launch-template-data", JSON.stringify(data)];
  await aws("ec2", "create-launch-template", ...template);
  const InstanceRequirements = {
    VCpuCount: { Min: 2, Max: 4 },
    MemoryMiB: { Min: 4096 },
    AllowedInstanceTypes: ["r*"],
  };
  const config = {
    LaunchTemplateSpecification: { LaunchTemplateName: "pool", Version: "$Latest" },
    Overrides: [{ InstanceRequirements }],
  };
  const fleet = await aws(
    "ec2",
    "create-fleet",
    "--type=instant",
    `--launch-template-configs=${JSON.stringify([config])}`,
    "--target-capacity-specification=TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand",
    "--tag-specifications=ResourceType=instance,Tags=[{Key=pool,Value=dev}]",
  );
  const id = machines.machines()[0]?.id ?? "";
  expect(fleet).toMatchObject({ Instances: [{ InstanceIds: [id], InstanceType: "r6a.large" }], Errors: [] });
  const found = await aws("ec2", "describe-instances", "--filters", "Name=tag:pool,Values=dev");
  expect(found).toMatchObject({ Reservations: [{ Instances: [{ InstanceId: id, State: { Name: "running" } }] }] });
  const ended = await aws("ec2", "terminate-instances", "--instance-ids", id);
  expect(ended).toMatchObject({ TerminatingInstances: [{ CurrentState: { Name: "terminated" } }] });
});

test("the AWS CLI reads parameters and the caller's identity", async (ctx) => {
  await demandCli(ctx);
  await aws("ssm", "put-parameter", "--name", "/dev/ami", "--type", "SecureString", "--value", "ami-1");
  const read = await aws("ssm", "get-parameter", "--name", "/dev/ami", "--with-decryption");
  expect(read).toMatchObject({ Parameter: { Value: "ami-1", Version: 1 } });
  expect(await aws("sts", "get-caller-identity")).toMatchObject({ Account: "123456789012" });
});
