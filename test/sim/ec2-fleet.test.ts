// CreateFleet of the embedded EC2, with the real SDK client over HTTP.
import { CreateTagsCommand, DescribeInstancesCommand, DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import type { _InstanceType, CreateFleetCommandOutput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { openWorld, spot } from "./ec2-world.ts";

const large = { VCpuCount: { Min: 2, Max: 4 }, MemoryMiB: { Min: 4096 } };
const idsOf = (answer: CreateFleetCommandOutput) =>
  (answer.Instances ?? []).flatMap((group) => group.InstanceIds ?? []);
const codesOf = (answer: CreateFleetCommandOutput) => (answer.Errors ?? []).map((error) => error.ErrorCode);

test("a fleet by requirements launches only types that satisfy them, in the zones of its subnets", async () => {
  const world = await openWorld();
  await world.template("pool");
  const { Subnets = [] } = await world.ec2.send(new DescribeSubnetsCommand({}));
  const two = Subnets.slice(0, 2).map((subnet) => subnet.SubnetId ?? "");
  const answer = await world.fleet(
    6,
    two.map((SubnetId) => ({ SubnetId, InstanceRequirements: { ...large, AllowedInstanceTypes: ["c*"] } })),
  );
  expect(answer.Errors).toEqual([]);
  expect(idsOf(answer)).toHaveLength(6);
  const machines = world.cloud.machines();
  expect(new Set(machines.map(({ subnetId }) => subnetId))).toEqual(new Set(two));
  // c6a.large is the cheapest x86 type of a c family with 2 vCPU and 4 GiB.
  expect(new Set(machines.map(({ type }) => type.name))).toEqual(new Set(["c6a.large"]));
});

test("the image's architecture decides which types match", async () => {
  const world = await openWorld();
  const ImageId = world.cloud.addImage({ name: "runner-arm64", architecture: "arm64" });
  await world.template("pool", { ImageId });
  const answer = await world.fleet(1, [{ InstanceRequirements: large }], spot(1));
  expect(answer.Instances?.[0]?.InstanceType).toMatch(/^[cmr][67]g\./);
});

test("two subnets of one availability zone in one request fail", async () => {
  const world = await openWorld();
  await world.template("pool");
  const again = world.cloud.addSubnet({ zone: "us-east-1a" });
  const first = world.cloud.addSubnet({ zone: "us-east-1a" });
  await expect(
    world.fleet(1, [
      { SubnetId: first, InstanceRequirements: large },
      { SubnetId: again, InstanceRequirements: large },
    ]),
  ).rejects.toMatchObject({
    name: "InvalidFleetConfig",
    message: "The fleet configuration contains duplicate instance pools.",
  });
});

test("requirements that no type satisfies are told apart from missing capacity", async () => {
  const world = await openWorld();
  await world.template("pool");
  const none = [{ InstanceRequirements: { ...large, AllowedInstanceTypes: ["x9*"] } }];
  await expect(world.fleet(1, none)).rejects.toMatchObject({ name: "InvalidFleetConfig" });
  world.cloud.capacity.scarcities.push({ remaining: 0 });
  const answer = await world.fleet(1);
  expect(answer.Instances).toEqual([]);
  expect(codesOf(answer)).toEqual(Array.from({ length: 3 }, () => "InsufficientInstanceCapacity"));
});

test("partial capacity launches what there is and reports each pool that failed, three tried and the rest not", async () => {
  const world = await openWorld();
  await world.template("pool");
  world.cloud.capacity.scarcities.push({ market: "spot", remaining: 2 });
  const overrides = (["c6i.large", "c6a.large"] as _InstanceType[]).map((InstanceType) => ({ InstanceType }));
  const answer = await world.fleet(5, overrides, spot(5));
  expect(idsOf(answer)).toHaveLength(2);
  const codes = codesOf(answer);
  expect(codes.filter((code) => code === "InsufficientInstanceCapacity")).toHaveLength(3);
  expect(codes.filter((code) => code === "UnfulfillableCapacity").length).toBeGreaterThan(0);
  expect(answer.Errors?.[0]).toMatchObject({
    Lifecycle: "spot",
    LaunchTemplateAndOverrides: { Overrides: { SubnetId: expect.stringMatching(/^subnet-/) as string } },
  });
});

test("quotas, low spot prices and zones that lack a type have their own codes", async () => {
  const world = await openWorld();
  await world.template("pool");
  const one = [{ InstanceType: "c6i.xlarge" as const, AvailabilityZone: "us-east-1b" }];
  world.cloud.capacity.vcpuQuota.spot = 5;
  world.cloud.capacity.vcpuQuota["on-demand"] = 0;
  const full = await world.fleet(2, one, spot(2));
  expect([idsOf(full).length, ...codesOf(full)]).toEqual([1, "MaxSpotInstanceCountExceeded"]);
  expect(codesOf(await world.fleet(1, one))).toEqual(["VcpuLimitExceeded"]);
  world.cloud.capacity.vcpuQuota.spot = 50;
  const cheap = one.map((override) => ({ ...override, MaxPrice: "0.001" }));
  expect(codesOf(await world.fleet(1, cheap, spot(1)))).toEqual(["SpotMaxPriceTooLow"]);
  world.cloud.capacity.scarcities.push({ zone: "us-east-1b", remaining: 0, because: "unsupported" });
  expect(codesOf(await world.fleet(1, one, spot(1)))).toEqual(["InvalidFleetConfiguration"]);
});

test("a client token gives the first answer again for a day, dead machines and all, and refuses another request", async () => {
  const world = await openWorld();
  await world.template("pool");
  const first = await world.fleet(2, undefined, { ClientToken: "run-1-a" });
  for (const id of idsOf(first)) world.cloud.kill(id);
  expect(idsOf(await world.fleet(2, undefined, { ClientToken: "run-1-a" }))).toEqual(idsOf(first));
  expect(world.cloud.machines()).toHaveLength(2);
  await expect(world.fleet(3, undefined, { ClientToken: "run-1-a" })).rejects.toMatchObject({
    name: "IdempotentParameterMismatch",
  });
  await world.clock.advance(24 * 3600 * 1000);
  expect(idsOf(await world.fleet(2, undefined, { ClientToken: "run-1-a" }))).not.toEqual(idsOf(first));
});

test("the template's image, profile, user data, groups and shutdown behaviour reach the machine, and tags of both merge", async () => {
  const world = await openWorld();
  const group = world.cloud.addSecurityGroup({ name: "runners" });
  world.parameters.put("/runpool/ami", world.imageId);
  await world.template("pool", {
    ImageId: "resolve:ssm:/runpool/ami",
    UserData: Buffer.from("#!/bin/sh\n").toString("base64"),
    IamInstanceProfile: { Name: "runner" },
    InstanceInitiatedShutdownBehavior: "terminate",
    MetadataOptions: { HttpTokens: "required", InstanceMetadataTags: "enabled", HttpPutResponseHopLimit: 1 },
    NetworkInterfaces: [{ DeviceIndex: 0, Groups: [group] }],
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "from", Value: "template" }] }],
  });
  const answer = await world.fleet(1, undefined, {
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "runpool:class", Value: "large" }] }],
  });
  const { Reservations = [] } = await world.ec2.send(new DescribeInstancesCommand({ InstanceIds: idsOf(answer) }));
  expect(Reservations[0]?.Instances?.[0]).toMatchObject({
    ImageId: world.imageId,
    State: { Name: "running", Code: 16 },
    IamInstanceProfile: { Arn: "arn:aws:iam::123456789012:instance-profile/runner" },
    SecurityGroups: [{ GroupId: group, GroupName: "runners" }],
    MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1, InstanceMetadataTags: "enabled" },
    Tags: expect.arrayContaining([
      { Key: "from", Value: "template" },
      { Key: "runpool:class", Value: "large" },
      { Key: "aws:ec2launchtemplate:version", Value: "1" },
      { Key: "aws:ec2:fleet-id", Value: answer.FleetId },
    ]) as unknown,
  });
  expect(world.cloud.machines()[0]).toMatchObject({ shutdownBehavior: "terminate", userData: "IyEvYmluL3NoCg==" });
});

test("tag keys with a space or a slash are refused where the template shows tags in metadata", async () => {
  const world = await openWorld();
  await world.template("pool", { MetadataOptions: { InstanceMetadataTags: "enabled" } });
  const tagged = (Key: string) =>
    world.fleet(1, [{ InstanceType: "c6i.large", AvailabilityZone: "us-east-1a" }], {
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key, Value: "x" }] }],
    });
  for (const key of ["a b", "a/b"]) expect(codesOf(await tagged(key))).toEqual(["InvalidParameterValue"]);
  const [id = ""] = idsOf(await tagged("a:b"));
  await expect(
    world.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "c/d", Value: "" }] })),
  ).rejects.toMatchObject({ name: "InvalidParameterValue" });
});

test("what is not modelled is refused", async () => {
  const world = await openWorld();
  await world.template("pool");
  await expect(world.fleet(1, undefined, { Type: "maintain" })).rejects.toMatchObject({ name: "UnsupportedOperation" });
  const requirements = { ...large, CpuManufacturers: ["amd" as const] };
  const others: readonly Parameters<typeof world.fleet>[] = [
    [1, [{ InstanceType: "c6i.large", WeightedCapacity: 2 }]],
    [1, [{ InstanceRequirements: requirements }]],
    [1, undefined, { OnDemandOptions: { AllocationStrategy: "prioritized" } }],
    [1, undefined, { OnDemandOptions: { SingleInstanceType: true, MinTargetCapacity: 1 } }],
    [2, undefined, { TargetCapacitySpecification: { TotalTargetCapacity: 2, SpotTargetCapacity: 1 } }],
  ];
  for (const one of others) await expect(world.fleet(...one)).rejects.toMatchObject({ name: "UnsupportedOperation" });
  await expect(world.fleet(1, [{ InstanceType: "c6i.large", InstanceRequirements: large }])).rejects.toMatchObject({
    name: "InvalidParameterCombination",
  });
});
