// Launch templates, images, network and instance types of the embedded EC2, with the real SDK client over HTTP.
import * as ec2 from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { openWorld } from "./ec2-world.ts";

test("a launch template's versions build on a source, and its data comes back as it was sent", async () => {
  const world = await openWorld();
  const data: ec2.RequestLaunchTemplateData = {
    IamInstanceProfile: { Name: "runner" },
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 40, Encrypted: true, VolumeType: "gp3" } }],
    NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: ["sg-1"] }],
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "k", Value: "<v> & w" }] }],
    MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
    SecurityGroupIds: ["sg-2"],
  };
  const LaunchTemplateId = await world.template("runner", data);
  await world.ec2.send(
    new ec2.CreateLaunchTemplateVersionCommand({
      LaunchTemplateId,
      SourceVersion: "1",
      VersionDescription: "second",
      LaunchTemplateData: { UserData: "aGk=" },
    }),
  );
  const versions = async (...Versions: string[]) =>
    (await world.ec2.send(new ec2.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions })))
      .LaunchTemplateVersions;
  expect((await versions("$Latest"))?.[0]).toMatchObject({
    VersionNumber: 2,
    VersionDescription: "second",
    DefaultVersion: false,
    LaunchTemplateData: { ...data, ImageId: world.imageId, UserData: "aGk=" },
  });
  expect((await versions("$Default"))?.[0]?.VersionNumber).toBe(1);
  expect(await versions()).toHaveLength(2);
  await expect(versions("3")).rejects.toMatchObject({ name: "InvalidLaunchTemplateId.VersionNotFound" });
});

test("templates are found by name and tag, a name is taken once, a deleted one is unknown", async () => {
  const world = await openWorld();
  const id = await world.template("runner");
  await expect(world.template("runner")).rejects.toMatchObject({
    name: "InvalidLaunchTemplateName.AlreadyExistsException",
  });
  await world.ec2.send(new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: "env", Value: "dev" }] }));
  const { LaunchTemplates } = await world.ec2.send(
    new ec2.DescribeLaunchTemplatesCommand({ Filters: [{ Name: "tag:env", Values: ["dev"] }] }),
  );
  expect(LaunchTemplates).toMatchObject([{ LaunchTemplateId: id, LatestVersionNumber: 1, DefaultVersionNumber: 1 }]);
  await world.ec2.send(new ec2.DeleteLaunchTemplateCommand({ LaunchTemplateName: "runner" }));
  await expect(
    world.ec2.send(new ec2.DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ["runner"] })),
  ).rejects.toMatchObject({ name: "InvalidLaunchTemplateName.NotFoundException" });
});

test("a repeated creation with its token makes one template", async () => {
  const world = await openWorld();
  const create = () =>
    world.ec2.send(
      new ec2.CreateLaunchTemplateCommand({
        ClientToken: "t",
        LaunchTemplateName: "once",
        LaunchTemplateData: { KeyName: "k" },
      }),
    );
  const first = await create();
  expect((await create()).LaunchTemplate?.LaunchTemplateId).toBe(first.LaunchTemplate?.LaunchTemplateId);
});

test("an image made from a machine becomes available, serves a launch and is cleared away with its snapshot", async () => {
  const world = await openWorld();
  world.cloud.faults.imageMs = 60_000;
  const { Instances } = await world.ec2.send(
    new ec2.RunInstancesCommand({ ImageId: world.imageId, InstanceType: "c6i.large", MinCount: 1, MaxCount: 1 }),
  );
  const InstanceId = Instances?.[0]?.InstanceId ?? "";
  const { ImageId = "" } = await world.ec2.send(new ec2.CreateImageCommand({ InstanceId, Name: "runner-2" }));
  const describe = async () =>
    (
      await world.ec2.send(
        new ec2.DescribeImagesCommand({ Owners: ["self"], Filters: [{ Name: "name", Values: ["runner-?"] }] }),
      )
    ).Images ?? [];
  expect(await describe()).toMatchObject([{ ImageId, State: "pending", Architecture: "x86_64" }]);
  await world.clock.advance(60_000);
  const [image] = await describe();
  expect(image?.State).toBe("available");
  const SnapshotId = image?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? "";
  await expect(world.ec2.send(new ec2.DeleteSnapshotCommand({ SnapshotId }))).rejects.toMatchObject({
    name: "InvalidSnapshot.InUse",
  });
  await world.ec2.send(new ec2.DeregisterImageCommand({ ImageId }));
  await world.ec2.send(new ec2.DeleteSnapshotCommand({ SnapshotId }));
  expect(await describe()).toEqual([]);
  await expect(
    world.ec2.send(new ec2.RunInstancesCommand({ ImageId, InstanceType: "c6i.large", MinCount: 1, MaxCount: 1 })),
  ).rejects.toMatchObject({ name: "InvalidAMIID.NotFound" });
});

test("an image is registered from a snapshot", async () => {
  const world = await openWorld();
  const { Snapshots = [] } = await world.ec2.send(new ec2.DescribeSnapshotsCommand({ OwnerIds: ["self"] }));
  const { ImageId = "" } = await world.ec2.send(
    new ec2.RegisterImageCommand({
      Name: "from-snapshot",
      Architecture: "arm64",
      RootDeviceName: "/dev/sda1",
      ImdsSupport: "v2.0",
      BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { SnapshotId: Snapshots[0]?.SnapshotId } }],
    }),
  );
  const { Images } = await world.ec2.send(new ec2.DescribeImagesCommand({ ImageIds: [ImageId] }));
  expect(Images).toMatchObject([{ Architecture: "arm64", ImdsSupport: "v2.0", RootDeviceName: "/dev/sda1" }]);
});

test("the region has subnets and a default group", async () => {
  const world = await openWorld();
  const extra = world.cloud.addSubnet({ zone: "us-east-1c", tags: { tier: "runners" } });
  const { Subnets } = await world.ec2.send(
    new ec2.DescribeSubnetsCommand({ Filters: [{ Name: "tag:tier", Values: ["runners"] }] }),
  );
  expect(Subnets).toMatchObject([{ SubnetId: extra, AvailabilityZone: "us-east-1c" }]);
  const { SecurityGroups } = await world.ec2.send(new ec2.DescribeSecurityGroupsCommand({}));
  expect(SecurityGroups).toHaveLength(1);
  const named = new ec2.DescribeSecurityGroupsCommand({ GroupNames: ["default"] });
  await expect(world.ec2.send(named)).rejects.toMatchObject({ name: "UnsupportedOperation" });
});

test("requirements are answered with types, without price protection", async () => {
  const world = await openWorld();
  const ask = async (AllowedInstanceTypes: string[]) =>
    (
      await world.ec2.send(
        new ec2.GetInstanceTypesFromInstanceRequirementsCommand({
          ArchitectureTypes: ["x86_64"],
          VirtualizationTypes: ["hvm"],
          InstanceRequirements: { VCpuCount: { Min: 2, Max: 2 }, MemoryMiB: { Min: 8192 }, AllowedInstanceTypes },
        }),
      )
    ).InstanceTypes?.map(({ InstanceType }) => InstanceType);
  expect(await ask(["m6*", "r7i.*"])).toEqual(["m6i.large", "m6a.large", "r7i.large"]);
  expect(await ask(["z*"])).toEqual([]);
});

test("types are described, and unknown ones named", async () => {
  const world = await openWorld();
  const { InstanceTypes } = await world.ec2.send(
    new ec2.DescribeInstanceTypesCommand({ InstanceTypes: ["c7g.4xlarge"] }),
  );
  expect(InstanceTypes).toMatchObject([
    {
      VCpuInfo: { DefaultVCpus: 16 },
      MemoryInfo: { SizeInMiB: 32_768 },
      ProcessorInfo: { SupportedArchitectures: ["arm64"] },
    },
  ]);
  await expect(
    world.ec2.send(new ec2.DescribeInstanceTypesCommand({ InstanceTypes: ["c99.large" as ec2._InstanceType] })),
  ).rejects.toMatchObject({ name: "InvalidInstanceType", message: expect.stringContaining("c99.large") as string });
});

test("an action that EC2 does not know, here or at all, is InvalidAction", async () => {
  const world = await openWorld();
  await expect(world.ec2.send(new ec2.DescribeVolumesCommand({}))).rejects.toMatchObject({
    name: "InvalidAction",
    message: "The action DescribeVolumes is not valid for this web service.",
  });
  await expect(world.ec2.send(new ec2.DescribeInstancesCommand({ DryRun: true }))).rejects.toMatchObject({
    name: "DryRunOperation",
  });
});
