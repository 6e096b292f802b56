// Ways to AWS's services inside the VPC: the free gateways always, interface endpoints as the environment asks.
import type { TerraformStack } from "cdktf";
import type { RouteTable } from "@cdktf/provider-aws/lib/route-table/index.js";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group/index.js";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint/index.js";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc/index.js";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js";
import type { Environment } from "../environment/environment.ts";

interface Place {
  readonly vpc: Vpc;
  readonly routes: RouteTable;
  readonly region: string;
  readonly subnets: readonly { readonly id: string }[];
  readonly network: Exclude<Environment["network"], { kind: "existing" }>;
}

export function serviceEndpoints(stack: TerraformStack, { vpc, routes, region, subnets, network }: Place): void {
  for (const service of ["dynamodb", "s3"])
    new VpcEndpoint(stack, `${service}-gateway`, {
      vpcId: vpc.id,
      serviceName: `com.amazonaws.${region}.${service}`,
      vpcEndpointType: "Gateway",
      routeTableIds: [routes.id],
    });
  if (network.kind !== "private" || network.endpoints.length === 0) return;
  const group = new SecurityGroup(stack, "endpoints", {
    namePrefix: "runpool-endpoints-",
    description: "Interface endpoints: HTTPS from within the VPC",
    vpcId: vpc.id,
  });
  new VpcSecurityGroupIngressRule(stack, "endpoints-https", {
    securityGroupId: group.id,
    ipProtocol: "tcp",
    fromPort: 443,
    toPort: 443,
    cidrIpv4: network.cidr,
  });
  for (const service of network.endpoints)
    new VpcEndpoint(stack, `${service}-endpoint`, {
      vpcId: vpc.id,
      serviceName: `com.amazonaws.${region}.${service}`,
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      subnetIds: subnets.map(({ id }) => id),
      securityGroupIds: [group.id],
    });
}
