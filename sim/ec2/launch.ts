// Launching one machine: what a launch template (with overrides) makes of it, and what makes EC2 refuse.
import { AwsFault } from "../http/service.ts";
import type { Pool, Refusal } from "./capacity.ts";
import type { InstanceType } from "./catalogue.ts";
import { boot } from "./endings.ts";
import { flag, number, structure, structures, text, texts } from "./input.ts";
import type { Input } from "./input.ts";
import { isUp } from "./machine.ts";
import type { BlockDevice, Machine, MetadataOptions } from "./machine.ts";
import { refuseInMetadata, taggedAs } from "./tags.ts";
import { newId } from "./world.ts";
import type { Image, Subnet, Tags, World } from "./world.ts";

/** What is to be launched: LaunchTemplateData with everything that replaces parts of it merged in. */
export interface LaunchSpec {
  readonly data: Input;
  /** With `resolve:ssm:` already resolved. */
  readonly imageId: string;
  readonly template: { readonly id: string; readonly version: number } | undefined;
  /** Beyond those of the template. */
  readonly tags: Tags;
  readonly clientToken: string | undefined;
}

export const noSuchImage = (imageId: string): AwsFault =>
  new AwsFault("InvalidAMIID.NotFound", `The image id '[${imageId}]' does not exist`);

export const unknownImage = (imageId: string): AwsFault =>
  /^ami-[0-9a-f]{8,17}$/.test(imageId)
    ? noSuchImage(imageId)
    : new AwsFault("InvalidAMIID.Malformed", `Invalid id: "${imageId}" (expecting "ami-...")`);

export function imageOf(world: World, imageId: string): Image {
  const image = world.images.get(imageId);
  if (image === undefined) throw unknownImage(imageId);
  if (world.clock.now() < image.availableAt)
    throw new AwsFault("InvalidAMIID.Unavailable", `The image ID '${imageId}' is not available`);
  return image;
}

/** Tags shown in metadata, IMDSv2 and hop limit, with the defaults of EC2 User Guide, instance metadata options. */
function metadataOptions(data: Input, image: Image | undefined): MetadataOptions {
  const options = structure(data, "MetadataOptions");
  const v2 = image?.imdsV2 === true;
  const tokens = text(options, "HttpTokens") ?? (v2 ? "required" : "optional");
  return {
    httpTokens: tokens === "required" ? "required" : "optional",
    hopLimit: number(options, "HttpPutResponseHopLimit") ?? (v2 ? 2 : 1),
    httpEndpoint: text(options, "HttpEndpoint") === "disabled" ? "disabled" : "enabled",
    tagsInMetadata: text(options, "InstanceMetadataTags") === "enabled",
  };
}

const instanceTags = (spec: LaunchSpec): Tags => new Map([...taggedAs(spec.data, "instance"), ...spec.tags]);

const groupsOf = (data: Input): string[] => {
  const own = texts(data, "SecurityGroupId");
  return own.length > 0 ? own : texts(structures(data, "NetworkInterface")[0], "SecurityGroupId");
};

/** The subnet that the template itself asks for, if any. */
export const subnetOf = (data: Input): string | undefined =>
  text(data, "SubnetId") ?? text(structures(data, "NetworkInterface")[0], "SubnetId");

/** What every launch with this spec and type fails with, whatever the capacity. */
export function refusal(world: World, spec: LaunchSpec, type: InstanceType): Refusal | undefined {
  let image: Image;
  try {
    image = imageOf(world, spec.imageId);
  } catch (error) {
    if (error instanceof AwsFault) return { code: error.code, message: error.message };
    throw error;
  }
  if (image.architecture !== type.architecture)
    return {
      code: "InvalidParameterValue",
      message: `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
    };
  const group = groupsOf(spec.data).find((id) => !world.securityGroups.has(id));
  if (group !== undefined)
    return { code: "InvalidGroup.NotFound", message: `The security group '${group}' does not exist` };
  if (metadataOptions(spec.data, image).tagsInMetadata) {
    const fault = refuseInMetadata(instanceTags(spec).keys());
    if (fault !== undefined) return { code: fault.code, message: fault.message };
  }
  return undefined;
}

const blockDevices = (world: World, data: Input, image: Image | undefined): BlockDevice[] => {
  const mapped = structures(data, "BlockDeviceMapping").map((mapping) => ({
    name: text(mapping, "DeviceName") ?? "",
    deleteOnTermination: flag(structure(mapping, "Ebs"), "DeleteOnTermination") ?? true,
  }));
  const root = image?.rootDevice ?? "/dev/xvda";
  const all = mapped.some(({ name }) => name === root)
    ? mapped
    : [{ name: root, deleteOnTermination: true }, ...mapped];
  return all.map((device) => ({ ...device, volumeId: newId(world, "vol") }));
};

/** Addresses count up from the subnet's fifth; the first four are AWS's own. */
const address = (world: World, subnet: Subnet): string => {
  const [a = 10, b = 0, c = 0, d = 0] = (subnet.cidr.split("/")[0] ?? "").split(".").map(Number);
  const used = [...world.machines.values()].filter((machine) => machine.subnetId === subnet.id).length;
  const host = c * 256 + d + 4 + used;
  return `${a}.${b}.${(host >> 8) & 255}.${host & 255}`;
};

const profileArn = (world: World, data: Input): string | undefined => {
  const profile = structure(data, "IamInstanceProfile");
  const name = text(profile, "Name");
  return (
    text(profile, "Arn") ?? (name === undefined ? undefined : `arn:aws:iam::${world.account}:instance-profile/${name}`)
  );
};

/** AWS's own tags of what launched the machine. */
const originTags = (spec: LaunchSpec, fleetId: string | undefined): [string, string][] => [
  ...(spec.template === undefined
    ? []
    : ([
        ["aws:ec2launchtemplate:id", spec.template.id],
        ["aws:ec2launchtemplate:version", String(spec.template.version)],
      ] satisfies [string, string][])),
  ...(fleetId === undefined ? [] : ([["aws:ec2:fleet-id", fleetId]] satisfies [string, string][])),
];

/** Adds a machine to the world and lets it boot. Capacity has been taken, refusals have been ruled out. */
export function launch(
  world: World,
  spec: LaunchSpec,
  pool: Pool,
  place: { readonly subnet: Subnet; readonly reservationId: string; readonly index: number; readonly fleetId?: string },
): Machine {
  const { data } = spec;
  const { faults } = world;
  const image = world.images.get(spec.imageId);
  const hung = faults.hungBoots > 0;
  if (hung) faults.hungBoots--;
  const fails = !hung && faults.failedBoots > 0;
  if (fails) faults.failedBoots--;
  const groups = groupsOf(data);
  const machine: Machine = {
    id: newId(world, "i"),
    reservationId: place.reservationId,
    account: world.account,
    region: world.region,
    zone: pool.zone,
    subnetId: place.subnet.id,
    vpcId: place.subnet.vpcId,
    privateIp: address(world, place.subnet),
    imageId: spec.imageId,
    type: pool.type,
    market: pool.market,
    launchedAt: world.clock.now(),
    bootMs: faults.bootMs,
    shutdownMs: faults.shutdownMs,
    hung,
    userData: text(data, "UserData"),
    profileArn: profileArn(world, data),
    keyName: text(data, "KeyName"),
    securityGroupIds: groups.length > 0 ? groups : [...world.securityGroups.keys()].slice(0, 1),
    metadata: metadataOptions(data, image),
    // EC2 refuses to stop a one-time spot machine; that its own power-off therefore ends it is inferred, not documented.
    shutdownBehavior:
      pool.market === "spot" || text(data, "InstanceInitiatedShutdownBehavior") === "terminate" ? "terminate" : "stop",
    protectedFromTermination: flag(data, "DisableApiTermination") === true,
    blockDevices: blockDevices(world, data, image),
    clientToken: spec.clientToken,
    launchIndex: place.index,
    templateId: spec.template?.id,
    tags: new Map([...instanceTags(spec), ...originTags(spec, place.fleetId)]),
    end: undefined,
    spotNotice: undefined,
    impaired: false,
    console: "",
  };
  world.machines.set(machine.id, machine);
  boot(world, machine, fails);
  return machine;
}

/** vCPUs of a market that are in use. */
export const vcpusInUse = (world: World, market: Pool["market"]): number => {
  const now = world.clock.now();
  let sum = 0;
  for (const machine of world.machines.values())
    if (machine.market === market && isUp(machine, now)) sum += machine.type.vcpu;
  return sum;
};
