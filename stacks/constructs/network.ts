// Where instances live: a VPC of their own, public-only or private, or one that exists.
import type { TerraformStack } from "cdktf";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet/index.js";
import { Eip } from "@cdktf/provider-aws/lib/eip/index.js";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway/index.js";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway/index.js";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association/index.js";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table/index.js";
import { Subnet } from "@cdktf/provider-aws/lib/subnet/index.js";
import { Vpc } from "@cdktf/provider-aws/lib/vpc/index.js";
import type { Environment } from "../environment/environment.ts";
import { serviceEndpoints } from "./service-endpoints.ts";
import { partOf, placeOfZone } from "../environment/subnet-blocks.ts";

export interface Network {
  readonly vpcId: string;
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
}

type Created = Exclude<Environment["network"], { kind: "existing" }>;
type Existing = Extract<Environment["network"], { kind: "existing" }>;

function existing(stack: TerraformStack, network: Existing): Network {
  for (const { id, zone, vpc } of network.subnets) {
    const found = new DataAwsSubnet(stack, `look-at-${id}`, { id });
    const rule = (attribute: string, wanted: string) => ({
      condition: `\${self.${attribute} == "${wanted}"}`,
      errorMessage: `network.subnets: ${id} is not in ${wanted}, which the environment file says.`,
    });
    found.lifecycle = { postcondition: [rule("vpc_id", vpc), rule("availability_zone", zone)] };
  }
  return {
    vpcId: network.subnets[0]?.vpc ?? "",
    subnets: network.subnets.map(({ id, zone }) => ({ id, zone })),
  };
}

/** Subnets with a way out through `gateway`; one route table for all. */
function publicSubnets(stack: TerraformStack, vpc: Vpc, network: Created, addresses: boolean, name: string) {
  const gateway = new InternetGateway(stack, "internet", { vpcId: vpc.id, tags: { Name: name } });
  const routes = new RouteTable(stack, "public-routes", {
    vpcId: vpc.id,
    route: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }],
    tags: { Name: `${name}-public` },
  });
  const subnets = network.zones.map((zone) => {
    const subnet = new Subnet(stack, `public-${zone}`, {
      vpcId: vpc.id,
      availabilityZone: zone,
      cidrBlock: partOf(network.cidr, placeOfZone(zone)),
      mapPublicIpOnLaunch: addresses,
      tags: { Name: `${name}-public-${zone}` },
    });
    new RouteTableAssociation(stack, `public-route-${zone}`, { subnetId: subnet.id, routeTableId: routes.id });
    return { id: subnet.id, zone };
  });
  return { subnets, routes, gateway };
}

/** Private subnets; with `nat` one gateway in the first zone, whose loss the other zones then share: it costs by the hour. */
function privateSubnets(stack: TerraformStack, vpc: Vpc, network: Extract<Created, { kind: "private" }>, name: string) {
  let natGatewayId: string | undefined;
  if (network.nat) {
    const oneZone = { ...network, zones: network.zones.slice(0, 1) };
    const { subnets, gateway } = publicSubnets(stack, vpc, oneZone, false, name);
    // Neither names the internet gateway, and EC2 fails both where it is not attached yet (or, at the end, any more).
    const dependsOn = [gateway];
    const address = new Eip(stack, "nat-address", { domain: "vpc", dependsOn, tags: { Name: name } });
    natGatewayId = new NatGateway(stack, "nat", {
      subnetId: subnets[0]?.id ?? "",
      allocationId: address.id,
      dependsOn,
      tags: { Name: name },
    }).id;
  }
  const routes = new RouteTable(stack, "private-routes", {
    vpcId: vpc.id,
    ...(natGatewayId === undefined ? {} : { route: [{ cidrBlock: "0.0.0.0/0", natGatewayId }] }),
    tags: { Name: `${name}-private` },
  });
  const subnets = network.zones.map((zone) => {
    const subnet = new Subnet(stack, `private-${zone}`, {
      vpcId: vpc.id,
      availabilityZone: zone,
      cidrBlock: partOf(network.cidr, placeOfZone(zone) + 8),
      tags: { Name: `${name}-private-${zone}` },
    });
    new RouteTableAssociation(stack, `private-route-${zone}`, { subnetId: subnet.id, routeTableId: routes.id });
    return { id: subnet.id, zone };
  });
  return { subnets, routes };
}

export function makeNetwork(stack: TerraformStack, environment: Environment): Network {
  const { network, name: environmentName, region } = environment;
  if (network.kind === "existing") return existing(stack, network);
  const name = `runpool-${environmentName}`;
  const vpc = new Vpc(stack, "vpc", {
    cidrBlock: network.cidr,
    enableDnsHostnames: true,
    enableDnsSupport: true,
    tags: { Name: name },
  });
  const { subnets, routes } =
    network.kind === "public"
      ? publicSubnets(stack, vpc, network, true, name)
      : privateSubnets(stack, vpc, network, name);
  serviceEndpoints(stack, { vpc, subnets, routes, region, network });
  return { vpcId: vpc.id, subnets };
}
