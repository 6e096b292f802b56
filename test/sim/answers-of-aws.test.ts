// Answers of AWS that are easily forgotten: what a call of no table, image or name that may be is refused with.
import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  UpdateContinuousBackupsCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateFleetCommand,
  CreateTagsCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  DescribeParametersCommand,
  GetParameterHistoryCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
} from "@aws-sdk/client-ssm";
import { describe, expect, onTestFinished, test } from "vitest";
import { openWorld } from "./ec2-world.ts";
import { openTestCloud } from "./test-cloud.ts";

type World = Awaited<ReturnType<typeof openWorld>>;

describe("DynamoDB", () => {
  const TableName = "no-such-table";
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  const table = {
    TableName: "priced-twice",
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" as const }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" as const }],
    BillingMode: "PAY_PER_REQUEST" as const,
    ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
  };
  test.each([
    [
      "the backups of no table",
      new DescribeContinuousBackupsCommand({ TableName }),
      "TableNotFoundException",
      /no-such-table/,
    ],
    [
      "backups switched on for no table",
      new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
      "TableNotFoundException",
      /no-such-table/,
    ],
    [
      "a table by request with a throughput",
      new CreateTableCommand(table),
      "ValidationException",
      /Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST/,
    ],
  ])("refuses %s", async (_, command, name, message) => {
    const cloud = await openTestCloud();
    onTestFinished(() => cloud.close());
    await expect(cloud.dynamo.send(command as DescribeContinuousBackupsCommand)).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
  });
});

describe("EC2", () => {
  const run = (world: World, MinCount: number, MaxCount: number) =>
    world.ec2.send(new RunInstancesCommand({ ImageId: world.imageId, InstanceType: "t3.large", MinCount, MaxCount }));
  const fleetWithoutVersion = async (world: World) => {
    await world.template("pool");
    const config = { LaunchTemplateSpecification: { LaunchTemplateName: "pool" } };
    const target = { TotalTargetCapacity: 1, DefaultTargetCapacityType: "on-demand" as const };
    return await world.ec2.send(
      new CreateFleetCommand({
        Type: "instant",
        LaunchTemplateConfigs: [config],
        TargetCapacitySpecification: target,
      }),
    );
  };
  const deregister = (world: World, ImageId: string) => world.ec2.send(new DeregisterImageCommand({ ImageId }));
  const deregisterTwice = async (world: World) => {
    await deregister(world, world.imageId);
    return await deregister(world, world.imageId);
  };
  const rows: readonly (readonly [string, (world: World) => Promise<unknown>, string])[] = [
    ["a fleet whose template has no version", fleetWithoutVersion, "MissingParameter"],
    ["more instances at least than at most", (world) => run(world, 3, 2), "InvalidParameterValue"],
    ["no instance at all", (world) => run(world, 0, 2), "InvalidParameterValue"],
    [
      "what is no image id",
      (world) => world.ec2.send(new DescribeImagesCommand({ ImageIds: ["nonsense"] })),
      "InvalidAMIID.Malformed",
    ],
    [
      "an image that never was",
      (world) => world.ec2.send(new DescribeImagesCommand({ ImageIds: ["ami-0123456789abcdef0"] })),
      "InvalidAMIID.NotFound",
    ],
    ["an image that is gone, when it is to go again", deregisterTwice, "InvalidAMIID.Unavailable"],
    ["one that never was, too", (world) => deregister(world, "ami-0123456789abcdef0"), "InvalidAMIID.NotFound"],
  ];
  test.each(rows)("refuses %s", async (_, call, name) => {
    const world = await openWorld();
    await expect(call(world)).rejects.toMatchObject({ name });
  });

  test("takes a tag's value of 256 characters, and none of more", async () => {
    const world = await openWorld();
    const tag = (length: number) =>
      world.ec2.send(
        new CreateTagsCommand({ Resources: [world.imageId], Tags: [{ Key: "k", Value: "x".repeat(length) }] }),
      );
    await tag(256);
    const { Images: [image] = [] } = await world.ec2.send(new DescribeImagesCommand({ ImageIds: [world.imageId] }));
    expect(image?.Tags?.find(({ Key }) => Key === "k")?.Value).toHaveLength(256);
    await expect(tag(257)).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });
});

describe("Parameter Store", () => {
  const put = (world: World, more: Partial<PutParameterCommandInput>) =>
    world.ssm.send(new PutParameterCommand({ Name: "/a", Value: "ami-0123456789abcdef0", Type: "String", ...more }));
  test.each([
    ["a data type that there is not", { DataType: "nope" }, "ValidationException", /data type is not supported: nope/],
    ["a type that there is not", { Type: "Nope" as "String" }, "ValidationException", /'Nope' at 'type'.*enum value/],
    ["AWS's own names", { Name: "/aws/x" }, "AccessDeniedException", /reserved parameter name: \/aws\/x/],
    ["names that begin like them", { Name: "/awsome" }, "ValidationException", /can't be prefixed/],
  ])("refuses %s", async (_, more, name, message) => {
    const world = await openWorld();
    await expect(put(world, more)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  });

  test("tells a parameter's data type, and in its history no ARN", async () => {
    const world = await openWorld();
    await put(world, { DataType: "aws:ec2:image" });
    const { Parameters: [past] = [] } = await world.ssm.send(new GetParameterHistoryCommand({ Name: "/a" }));
    expect(past).toMatchObject({ DataType: "aws:ec2:image", Value: "ami-0123456789abcdef0" });
    expect(past).not.toHaveProperty("ARN");
    const { Parameters: [described] = [] } = await world.ssm.send(new DescribeParametersCommand({}));
    expect(described).toMatchObject({ ARN: expect.stringContaining(":parameter/a"), DataType: "aws:ec2:image" });
  });
});
