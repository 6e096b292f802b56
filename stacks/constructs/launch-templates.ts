// One launch template a class, architecture and partition. The AMI is not in it: each launch names it, so that the record knows it.
import { createHash } from "node:crypto";
import type { TerraformStack } from "cdktf";
import type { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile/index.js";
import { LaunchTemplate, type LaunchTemplateConfig } from "@cdktf/provider-aws/lib/launch-template/index.js";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group/index.js";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js";
import type { Deployed } from "../../domain/configuration.ts";
import { templateKey, templateName } from "../../domain/class-keys.ts";
import { poolManager, tags } from "../../domain/names.ts";
import { operatingSystems, type MachineSettings } from "../../domain/machine-class.ts";
import type { Environment } from "../environment/environment.ts";
import { environmentTags } from "./ground.ts";
import { keptMachines, type KeptMachine } from "../arns.ts";
import type { BootedMachine } from "./first-boot-files.ts";
import type { Network } from "./network.ts";
import { keptPartitions, partitionSuffix, partitionsOf } from "../environment/partitions.ts";
import { userData } from "./user-data.ts";

type Machine = Omit<LaunchTemplateConfig, "name" | "tagSpecifications">;

/** What a launch template says of its machines. */
const machineOf = (environment: Environment, booted: BootedMachine) => {
  const { operatingSystem, disk } = booted.settings;
  return {
    instanceInitiatedShutdownBehavior: "terminate",
    metadataOptions: {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "enabled",
    },
    blockDeviceMappings: [
      {
        deviceName: operatingSystems[operatingSystem].rootDevice,
        ebs: {
          volumeType: "gp3",
          volumeSize: disk.sizeGiB,
          iops: disk.iops,
          throughput: disk.throughputMiB,
          encrypted: "true",
          deleteOnTermination: "true",
          ...(environment.kmsKeyArn === undefined ? {} : { kmsKeyId: environment.kmsKeyArn }),
        },
      },
    ],
    userData: userData(environment, booted),
  } satisfies Machine;
};

/** A hash of what instances boot with: a change of it makes idle instances stale. */
function hashOf(environment: Environment, settings: MachineSettings, resourceClass?: string): string {
  const booted = settings.architectures.map((architecture) =>
    machineOf(environment, { settings, architecture, ...(resourceClass === undefined ? {} : { resourceClass }) }),
  );
  const bootedWith = [...booted, settings.preRunner.script];
  return createHash("sha256").update(JSON.stringify(bootedWith)).digest("hex").slice(0, 16);
}

/** Of machines as the defaults are, and of classes whose machines boot with something else. */
export function configHashes(environment: Environment): {
  readonly configHash: string;
  readonly classHashes: Readonly<Record<string, string>>;
} {
  const configHash = hashOf(environment, environment.defaults);
  const ofClasses = Object.entries(environment.classes).map(
    ([name, one]) => [name, hashOf(environment, one, name)] as const,
  );
  return { configHash, classHashes: Object.fromEntries(ofClasses.filter(([, hash]) => hash !== configHash)) };
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

interface TemplateOptions {
  /** All that are kept, those of retired classes and architectures too. */
  readonly machines: readonly (KeptMachine & { readonly machine: Machine })[];
  readonly profile: IamInstanceProfile;
  readonly group: SecurityGroup;
}

/** Makes the launch templates of one partition; gives those in use. */
function templatesOf(
  stack: TerraformStack,
  environment: Environment,
  partition: string,
  { machines, profile, group }: TemplateOptions,
): Deployed["templates"] {
  const suffix = partitionSuffix(partition);
  const templates: Record<string, { id: string; version: string }> = {};
  for (const { resourceClass, architecture, inUse, machine } of machines) {
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
    // Templates of what is retired are kept, but not handed out: no instance is created from them any more.
    if (inUse)
      templates[templateKey({ partition, resourceClass, architecture })] = {
        id: template.id,
        version: template.getStringAttribute("latest_version"),
      };
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
  // They are the same in every partition: user data is read, packed and encoded once.
  const machines = keptMachines(environment).map((kept) => ({ ...kept, machine: machineOf(environment, kept) }));
  const templates: Record<string, { id: string; version: string }> = {};
  for (const partition of Object.keys(keptPartitions(environment))) {
    const made = templatesOf(stack, environment, partition, { machines, profile: profileOf(partition), group });
    if (partitionsOf(environment).includes(partition)) Object.assign(templates, made);
  }
  return { templates, securityGroups: [group.id] };
}
