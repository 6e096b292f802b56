// What machines are made from, as the doctor sees it: launch templates, the parameters that name images, images.
import {
  DescribeImagesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type ResponseLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { tags } from "../../domain/names.ts";
import type { ImageSeen, LaunchReader, TemplateSeen } from "../ports/doctor.ts";
import { look } from "./doctor-look.ts";
import { rootGiBOf } from "./images.ts";
import { architectures } from "./machines.ts";

const noTemplate = [
  "InvalidLaunchTemplateId.NotFound",
  "InvalidLaunchTemplateId.Malformed",
  "InvalidLaunchTemplateId.VersionNotFound",
];
const noImage = ["InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable"];

const shapeOf = (data: ResponseLaunchTemplateData): Omit<TemplateSeen, "latest"> => {
  const { HttpTokens, HttpPutResponseHopLimit, InstanceMetadataTags } = data.MetadataOptions ?? {};
  return {
    instanceProfile: data.IamInstanceProfile !== undefined,
    tokensRequired: HttpTokens === "required",
    hopLimit: HttpPutResponseHopLimit,
    tagsInMetadata: InstanceMetadataTags === "enabled",
    onShutdown: data.InstanceInitiatedShutdownBehavior,
    disks: (data.BlockDeviceMappings ?? []).map(({ DeviceName = "", Ebs }) => ({
      device: DeviceName,
      sizeGiB: Ebs?.VolumeSize,
      encrypted: Ebs?.Encrypted === true,
    })),
  };
};

async function template(client: EC2Client, id: string, version: string): Promise<TemplateSeen | undefined> {
  const command = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: [version, "$Latest"] });
  const { LaunchTemplateVersions = [] } = await client.send(command);
  const used = LaunchTemplateVersions.find(({ VersionNumber }) => String(VersionNumber) === version);
  if (used === undefined) return undefined;
  const latest = Math.max(...LaunchTemplateVersions.map(({ VersionNumber = 0 }) => VersionNumber));
  return { ...shapeOf(used.LaunchTemplateData ?? {}), latest: String(latest) };
}

async function image(client: EC2Client, id: string): Promise<ImageSeen | undefined> {
  const { Images } = await client.send(new DescribeImagesCommand({ ImageIds: [id] }));
  const found = Images?.[0];
  if (found === undefined) return undefined;
  const { State = "unknown", Architecture, CreationDate = "" } = found;
  const { VirtualizationType: virtualization = "unknown", RootDeviceName: rootDevice = "" } = found;
  return {
    state: State,
    architecture: architectures[Architecture ?? ""] ?? "other",
    createdAt: Date.parse(CreationDate),
    owners: [found.OwnerId, found.ImageOwnerAlias].flatMap((owner) => owner ?? []),
    environment: found.Tags?.find(({ Key }) => Key === tags.environment)?.Value,
    virtualization,
    rootDevice,
    rootGiB: rootGiBOf(found),
  };
}

export const launchReader = (ec2: EC2Client, ssm: SSMClient): LaunchReader => ({
  template: (id, version) => look("ec2:DescribeLaunchTemplateVersions", () => template(ec2, id, version), noTemplate),
  imageParameter: (name) =>
    look("ssm:GetParameter", async () => (await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Value, [
      "ParameterNotFound",
    ]),
  image: (id) => look("ec2:DescribeImages", () => image(ec2, id), noImage),
});
