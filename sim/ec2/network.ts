// The network that machines are launched into: one VPC, its subnets and security groups, the region's zones.
import { AwsFault } from "../http/service.ts";
import { refuse } from "./input.ts";
import type { Input } from "./input.ts";
import { filtered, page, tagFacts } from "./listing.ts";
import { tagSet } from "./tags.ts";
import type { Answer, Actions, Subnet, World } from "./world.ts";

/** Names of a region's zones in this cloud. */
export const zonesOf = (region: string): string[] => ["a", "b", "c"].map((letter) => `${region}${letter}`);

/** Where a launch may go: the named subnet, else the default subnets (of the named zone). */
export function subnetsFor(world: World, subnetId: string | undefined, zone: string | undefined): Subnet[] {
  if (subnetId !== undefined) {
    const subnet = world.subnets.get(subnetId);
    if (subnet === undefined)
      throw new AwsFault("InvalidSubnetID.NotFound", `The subnet ID '${subnetId}' does not exist`);
    if (zone !== undefined && subnet.zone !== zone)
      throw new AwsFault(
        "InvalidParameterValue",
        `The subnet '${subnetId}' is not in the Availability Zone '${zone}'.`,
      );
    return [subnet];
  }
  if (zone !== undefined && !zonesOf(world.region).includes(zone))
    throw new AwsFault("InvalidParameterValue", `Invalid availability zone: [${zone}]`);
  const found = [...world.subnets.values()].filter(
    (subnet) => subnet.isDefault && (zone === undefined || subnet.zone === zone),
  );
  if (found.length === 0) throw new AwsFault("MissingInput", "No default subnet found. Specify a subnet.");
  return found;
}

const limits = { min: 5, max: 1000 };
const freeAddresses = (world: World, subnet: Subnet): number =>
  2 ** (32 - Number(subnet.cidr.split("/")[1] ?? 24)) -
  5 -
  [...world.machines.values()].filter((machine) => machine.subnetId === subnet.id).length;

function describeSubnets(world: World, input: Input): Answer {
  refuse(input, ["SubnetId"]);
  const found = filtered(input, [...world.subnets.values()], (subnet) => (filter) => {
    if (filter === "subnet-id") return [subnet.id];
    if (filter === "availability-zone") return [subnet.zone];
    if (filter === "default-for-az") return [String(subnet.isDefault)];
    return tagFacts(filter, subnet.tags);
  });
  const { entries, nextToken } = page(input, found, limits);
  return {
    subnetSet: entries.map((subnet) => ({
      subnetId: subnet.id,
      subnetArn: `arn:aws:ec2:${world.region}:${world.account}:subnet/${subnet.id}`,
      state: "available",
      vpcId: subnet.vpcId,
      cidrBlock: subnet.cidr,
      availableIpAddressCount: freeAddresses(world, subnet),
      availabilityZone: subnet.zone,
      defaultForAz: subnet.isDefault,
      mapPublicIpOnLaunch: false,
      ownerId: world.account,
      tagSet: tagSet(subnet.tags),
    })),
    nextToken,
  };
}

/** All of them. */
function describeSecurityGroups(world: World, input: Input): Answer {
  refuse(input, ["GroupId", "GroupName", "Filter"]);
  return {
    securityGroupInfo: [...world.securityGroups.values()].map((group) => ({
      groupId: group.id,
      groupName: group.name,
      groupDescription: group.description,
      vpcId: group.vpcId,
      ownerId: world.account,
      tagSet: tagSet(group.tags),
    })),
  };
}

export const networkActions: Actions = {
  DescribeSubnets: describeSubnets,
  DescribeSecurityGroups: describeSecurityGroups,
};
