// One launch template a class, architecture and partition. The AMI is not in it: each launch names it, so that the record knows it.
import { createHash } from "node:crypto";
import type { TerraformStack } from "cdktf";
import type { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile/index.js";
import { LaunchTemplate, type LaunchTemplateConfig } from "@cdktf/provider-aws/lib/launch-template/index.js";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group/index.js";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js";
import type { Deployed } from "../../domain/configuration.ts";
import { poolManager, tags, templateName } from "../../domain/names.ts";
import type { Architecture } from "../../domain/record.ts";
import type { Environment } from "../environment/environment.ts";
import { environmentTags } from "./ground.ts";
import { keptArchitectures, queuedClasses } from "../arns.ts";
import type { Network } from "./network.ts";
import { keptPartitions, partitionSuffix, partitionsOf } from "../environment/partitions.ts";
import { userData } from "./user-data.ts";

/** The root device of each system's official AMIs. */
const rootDevice: Record<Environment["operatingSystem"], string> = {
  "amazon-linux-2023": "/dev/xvda",
  "ubuntu-22.04": "/dev/sda1",
  "ubuntu-24.04": "/dev/sda1",
};

type Machine = Omit<LaunchTemplateConfig, "name" | "tagSpecifications">;

/** What every machine of an architecture is, whatever its class. */
const machineOf = (environment: Environment, architecture: Architecture, sizeGiB = environment.disk.sizeGiB) =>
  ({
    instanceInitiatedShutdownBehavior: "terminate",
    metadataOptions: {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "enabled",
    },
    blockDeviceMappings: [
      {
        deviceName: rootDevice[environment.operatingSystem],
        ebs: {
          volumeType: "gp3",
          volumeSize: sizeGiB,
          iops: environment.disk.iops,
          throughput: environment.disk.throughputMiB,
          encrypted: "true",
          deleteOnTermination: "true",
          ...(environment.kmsKeyArn === undefined ? {} : { kmsKeyId: environment.kmsKeyArn }),
        },
      },
    ],
    userData: userData(environment, architecture),
  }) satisfies Machine;

/** A hash of what instances boot with: a change of it makes idle instances stale. */
export function configHash(environment: Environment): string {
  const machines = environment.architectures.map((architecture) => machineOf(environment, architecture));
  const bootedWith = [...machines, environment.preRunnerScript];
  return createHash("sha256").update(JSON.stringify(bootedWith)).digest("hex").slice(0, 16);
}

/** Everything out, nothing in. */
function makeSecurityGroup(stack: TerraformStack, { name }: Environment, vpcId: string): SecurityGroup {
  const group = new SecurityGroup(stack, "instances", {
    name: `runpool-${name}-instances`,
    description: "Runners: everything out, nothing in",
    vpcId,
    tags: { Name: `runpool-${name}-instances` },
  });
  for (const [family, block] of [
    ["ipv4", { cidrIpv4: "0.0.0.0/0" }],
    ["ipv6", { cidrIpv6: "::/0" }],
  ] as const)
    new VpcSecurityGroupEgressRule(stack, `out-${family}`, { securityGroupId: group.id, ipProtocol: "-1", ...block });
  return group;
}

/** The launch templates of one partition, those of retired classes and architectures too; given by `class/architecture`. */
function templatesOf(
  stack: TerraformStack,
  environment: Environment,
  partition: string,
  { profile, group }: { readonly profile: IamInstanceProfile; readonly group: SecurityGroup },
): Deployed["templates"] {
  const suffix = partitionSuffix(partition);
  const templates: Record<string, { id: string; version: string }> = {};
  for (const architecture of keptArchitectures(environment)) {
    for (const resourceClass of queuedClasses(environment)) {
      const machine = machineOf(environment, architecture, environment.disk.sizeGiBByClass[resourceClass]);
      const name = `${templateName(environment.name, resourceClass, architecture)}${suffix}`;
      const carried = {
        ...environmentTags(environment),
        Name: name,
        [tags.manager]: poolManager,
        [tags.resourceClass]: resourceClass,
        // Disks too: a bill is split by it.
        [tags.partition]: partition,
      };
      const template = new LaunchTemplate(stack, `template-${resourceClass}-${architecture}${suffix}`, {
        ...machine,
        name,
        updateDefaultVersion: true,
        iamInstanceProfile: { arn: profile.arn },
        vpcSecurityGroupIds: [group.id],
        tagSpecifications: [
          { resourceType: "instance", tags: carried },
          { resourceType: "volume", tags: carried },
        ],
      });
      templates[`${resourceClass}/${architecture}`] = {
        id: template.id,
        version: template.getStringAttribute("latest_version"),
      };
    }
  }
  return templates;
}

/** `profileOf`: makes the instance profile of a partition. */
export function makeTemplates(
  stack: TerraformStack,
  environment: Environment,
  network: Network,
  profileOf: (partition: string) => IamInstanceProfile,
): Pick<Deployed, "templates" | "securityGroups"> {
  const group = makeSecurityGroup(stack, environment, network.vpcId);
  const templates: Record<string, { id: string; version: string }> = {};
  const { retiredClasses, architectures } = environment;
  for (const partition of Object.keys(keptPartitions(environment))) {
    const kept = templatesOf(stack, environment, partition, { profile: profileOf(partition), group });
    // Of what is retired nobody is told a template: nothing of it is created any more.
    if (!partitionsOf(environment).includes(partition)) continue;
    for (const [pool, template] of Object.entries(kept)) {
      const [resourceClass = "", architecture] = pool.split("/");
      if (!retiredClasses.includes(resourceClass) && architectures.some((one) => one === architecture))
        templates[`${partition}#${pool}`] = template;
    }
  }
  return { templates, securityGroups: [group.id] };
}
