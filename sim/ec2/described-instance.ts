// A machine as DescribeInstances tells it, and the filters that find it.
import { tagFacts } from "./listing.ts";
import type { FilterFacts } from "./listing.ts";
import { stateCodes, stateOf } from "./machine.ts";
import type { Machine, MachineState } from "./machine.ts";
import { tagSet } from "./tags.ts";
import type { World } from "./world.ts";
import { moment } from "./xml.ts";
import type { Xml } from "./xml.ts";

export const stateXml = (state: MachineState): Xml => ({ code: stateCodes[state], name: state });

const reasonXml = (machine: Machine, state: MachineState): Xml | undefined => {
  if (state === "pending") return { code: "pending", message: "pending" };
  return machine.end === undefined || state === "running"
    ? undefined
    : { code: machine.end.code, message: machine.end.message };
};

/** What a machine loses with its end: addresses, volumes, network. */
const attachments = (world: World, machine: Machine): Readonly<Record<string, Xml>> => ({
  subnetId: machine.subnetId,
  vpcId: machine.vpcId,
  privateIpAddress: machine.privateIp,
  blockDeviceMapping: machine.blockDevices.map(({ name, volumeId, deleteOnTermination }) => ({
    deviceName: name,
    ebs: { volumeId, status: "attached", attachTime: moment(machine.launchedAt), deleteOnTermination },
  })),
  groupSet: machine.securityGroupIds.map((groupId) => ({
    groupId,
    groupName: world.securityGroups.get(groupId)?.name ?? groupId,
  })),
  iamInstanceProfile:
    machine.profileArn === undefined
      ? undefined
      : { arn: machine.profileArn, id: `AIPA${machine.id.slice(2, 18).toUpperCase()}` },
});

export function describedInstance(world: World, machine: Machine): Xml {
  const state = stateOf(machine, world.clock.now());
  const gone = state === "terminated";
  return {
    instanceId: machine.id,
    imageId: machine.imageId,
    instanceState: stateXml(state),
    privateDnsName: gone ? "" : `ip-${machine.privateIp.replaceAll(".", "-")}.ec2.internal`,
    dnsName: "",
    reason: machine.end?.transition ?? "",
    keyName: machine.keyName,
    amiLaunchIndex: machine.launchIndex,
    productCodes: [],
    instanceType: machine.type.name,
    launchTime: moment(machine.launchedAt),
    placement: { availabilityZone: machine.zone, groupName: "", tenancy: "default" },
    monitoring: { state: "disabled" },
    ...(gone ? {} : attachments(world, machine)),
    stateReason: reasonXml(machine, state),
    architecture: machine.type.architecture,
    rootDeviceType: "ebs",
    rootDeviceName: machine.blockDevices[0]?.name,
    virtualizationType: "hvm",
    clientToken: machine.clientToken ?? "",
    hypervisor: "xen",
    instanceLifecycle: machine.market === "spot" ? "spot" : undefined,
    spotInstanceRequestId: machine.market === "spot" ? `sir-${machine.id.slice(3, 11)}` : undefined,
    tagSet: tagSet(machine.tags),
    enaSupport: true,
    ebsOptimized: false,
    metadataOptions: {
      state: "applied",
      httpTokens: machine.metadata.httpTokens,
      httpPutResponseHopLimit: machine.metadata.hopLimit,
      httpEndpoint: machine.metadata.httpEndpoint,
      httpProtocolIpv6: "disabled",
      instanceMetadataTags: machine.metadata.tagsInMetadata ? "enabled" : "disabled",
    },
  };
}

/** The filters of DescribeInstances that this cloud knows. */
export const instanceFacts =
  (machine: Machine, now: number): FilterFacts =>
  (filter) => {
    if (filter === "instance-id") return [machine.id];
    if (filter === "instance-state-name") return [stateOf(machine, now)];
    return tagFacts(filter, machine.tags);
  };
