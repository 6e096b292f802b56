// An independent client reads the embedded EC2, SSM and STS: the AWS CLI, where one is installed.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { missing } from "../tools.ts";
import { openWorld } from "./ec2-world.ts";

const run = promisify(execFile);
/** Asked for at the test itself: a wrapper on the PATH may have nothing behind it. */
const cliProblem = async (): Promise<string | undefined> =>
  missing("aws") ??
  (await run("aws", ["--version"]).then(
    () => undefined,
    (error: Error) => `\`aws --version\` fails: ${error.message}`,
  ));

/** One CLI call against the world's front door; its JSON answer. */
const cli = async (url: string, ...args: string[]): Promise<unknown> => {
  const { stdout } = await run("aws", [...args, "--endpoint-url", url, "--region", "us-east-1", "--output", "json"], {
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: "AKIADUMMY",
      AWS_SECRET_ACCESS_KEY: "dummy",
      AWS_PAGER: "",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  return stdout.trim() === "" ? undefined : JSON.parse(stdout);
};

test("the AWS CLI makes a template and a fleet, finds the machine by its tag and ends it", async (ctx) => {
  const problem = await cliProblem();
  if (problem !== undefined) return ctx.skip(problem);
  const { door, imageId, cloud } = await openWorld();
  const data = JSON.stringify({ ImageId: imageId, InstanceInitiatedShutdownBehavior: "terminate" });
  await cli(
    door.url,
    "ec2",
    "create-launch-template",
    "--launch-template-name",
    "pool",
    "--launch-template-data",
    data,
  );
  const config = {
    LaunchTemplateSpecification: { LaunchTemplateName: "pool", Version: "$Latest" },
    Overrides: [
      {
        InstanceRequirements: {
          VCpuCount: { Min: 2, Max: 4 },
          MemoryMiB: { Min: 4096 },
          AllowedInstanceTypes: ["r*"],
        },
      },
    ],
  };
  const fleet = await cli(
    door.url,
    "ec2",
    "create-fleet",
    "--type=instant",
    `--launch-template-configs=${JSON.stringify([config])}`,
    "--target-capacity-specification=TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand",
    "--tag-specifications=ResourceType=instance,Tags=[{Key=pool,Value=dev}]",
  );
  const [machine] = cloud.machines();
  const id = machine?.id ?? "";
  expect(fleet).toMatchObject({ Instances: [{ InstanceIds: [id], InstanceType: "r6a.large" }], Errors: [] });
  const found = await cli(door.url, "ec2", "describe-instances", "--filters", "Name=tag:pool,Values=dev");
  expect(found).toMatchObject({ Reservations: [{ Instances: [{ InstanceId: id, State: { Name: "running" } }] }] });
  const ended = await cli(door.url, "ec2", "terminate-instances", "--instance-ids", id);
  expect(ended).toMatchObject({ TerminatingInstances: [{ CurrentState: { Name: "terminated" } }] });
});

test("the AWS CLI reads parameters and the caller's identity", async (ctx) => {
  const problem = await cliProblem();
  if (problem !== undefined) return ctx.skip(problem);
  const { door } = await openWorld();
  await cli(door.url, "ssm", "put-parameter", "--name", "/dev/ami", "--type", "SecureString", "--value", "ami-1");
  const read = await cli(door.url, "ssm", "get-parameter", "--name", "/dev/ami", "--with-decryption");
  expect(read).toMatchObject({ Parameter: { Value: "ami-1", Version: 1 } });
  expect(await cli(door.url, "sts", "get-caller-identity")).toMatchObject({ Account: "123456789012" });
});
