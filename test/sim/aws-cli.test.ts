// An independent client reads the embedded cloud, by a JSON and by a Query protocol: the AWS CLI, where one is installed.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { needs } from "../tools.ts";
import { openTestCloud, type TestCloud } from "./test-cloud.ts";

const run = promisify(execFile);

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await openTestCloud();
});
afterAll(() => cloud.close());

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
  if (!/aws-cli\/[\d.]+/.test(stdout + stderr)) ctx.skip(`\`aws --version\` fails: ${stderr}`);
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
    "ADD version :one",
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
