// What may be done with EC2: launch from this environment's templates with its tags, end what carries them, look around.
import type { LaunchableImages } from "../../domain/configuration.ts";
import { poolManager, tags } from "../../domain/names.ts";
import type { Arns } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { imagesOf, largerSizesOf } from "../environment/operational.ts";
import type { Statement } from "./policy.ts";
import { passedToEc2, viaServices } from "../environment/names-in-partition.ts";

const resourceTag = (key: string): string => `aws:ResourceTag/${key}`;
const requestTag = (key: string): string => `aws:RequestTag/${key}`;

/** RunInstances without a template of ours: this key is absent, and the condition fails. */
const byTemplate = (arns: Arns) => ({ ArnLike: { "ec2:LaunchTemplate": arns.ec2("launch-template/*") } });

/** Whose images AWS's public parameters for Ubuntu name (Canonical, "Find Ubuntu images on AWS"). */
const canonical = { aws: "099720109477", "aws-us-gov": "513442679011", "aws-cn": "837727238323" } as const;

export const launchableImages = (environment: Environment) =>
  ({
    owners: ["amazon", canonical[environment.awsPartition], ...environment.imageOwners],
    ids: [...new Set(imagesOf(environment).flatMap(({ id }) => id ?? []))],
  }) satisfies LaunchableImages;

/**
 * The images that machines may be made of: Amazon's and Canonical's own, those that the file pins by id, those of owners that it names, and
 * of this account's those alone that carry the environment's tag (the pipeline's do). Another team's private image of the same account would
 * give up what is baked into it.
 */
function fromImages(environment: Environment, arns: Arns): readonly Statement[] {
  const { name } = environment;
  const launch = ["ec2:CreateFleet", "ec2:RunInstances"];
  const { owners, ids: pinned } = launchableImages(environment);
  return [
    {
      Sid: "FromKnownOwners",
      Effect: "Allow",
      Action: launch,
      Resource: [arns.images],
      Condition: { StringEquals: { "ec2:Owner": owners } },
    },
    {
      Sid: "FromOurImages",
      Effect: "Allow",
      Action: launch,
      Resource: [arns.images],
      Condition: { StringEquals: { "ec2:Owner": arns.account, [resourceTag(tags.environment)]: name } },
    },
    ...(pinned.length === 0
      ? []
      : [
          {
            Sid: "FromPinnedImages",
            Effect: "Allow",
            Action: launch,
            Resource: pinned.map((id) => arns.images.replace("*", id)),
          } satisfies Statement,
        ]),
  ];
}

/** Those that the file names, or those that the pool's stack makes. */
export const intoSubnets = (
  Sid: string,
  Action: readonly string[],
  { name, network }: Pick<Environment, "name" | "network">,
  arns: Arns,
): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  ...(network.kind === "existing"
    ? { Resource: network.subnets.map(({ id }) => arns.ec2(`subnet/${id}`)) }
    : {
        Resource: [arns.ec2("subnet/*")],
        Condition: { StringEquals: { [resourceTag(tags.environment)]: name } },
      }),
});

/** CreateFleet of type `instant` calls RunInstances with the caller's own rights, so both are stated alike. */
function launching(environment: Environment, arns: Arns): readonly Statement[] {
  const { name } = environment;
  const ours = { [resourceTag(tags.environment)]: name };
  const tagged = { [requestTag(tags.environment)]: name, [requestTag(tags.manager)]: poolManager };
  const launch = ["ec2:CreateFleet", "ec2:RunInstances"];
  return [
    {
      Sid: "FromOurTemplates",
      Effect: "Allow",
      Action: launch,
      Resource: [arns.ec2("launch-template/*"), arns.ec2("security-group/*")],
      Condition: { StringEquals: ours },
    },
    intoSubnets("IntoOurSubnets", launch, environment, arns),
    {
      Sid: "FleetsWithOurTags",
      Effect: "Allow",
      Action: ["ec2:CreateFleet"],
      Resource: [arns.ec2("fleet/*"), arns.ec2("instance/*")],
      Condition: { StringEquals: tagged },
    },
    {
      Sid: "MachinesWithOurTags",
      Effect: "Allow",
      Action: ["ec2:RunInstances"],
      Resource: [arns.ec2("instance/*")],
      Condition: {
        StringEquals: tagged,
        ...byTemplate(arns),
        StringLike: { "ec2:InstanceType": environment.instanceTypes },
        StringNotLike: { "ec2:InstanceType": largerSizesOf(environment) },
      },
    },
    {
      Sid: "PartsOfMachines",
      Effect: "Allow",
      Action: launch,
      Resource: [arns.ec2("volume/*"), arns.ec2("network-interface/*")],
    },
    {
      // A new interface has no id yet (its ARN ends in `*`) and lies in the subnet that is asked about beside it. One that exists would bring
      // its own subnet, addresses and security groups.
      Sid: "NoInterfaceThatExists",
      Effect: "Deny",
      Action: ["ec2:RunInstances"],
      Resource: [arns.ec2("network-interface/eni-*")],
    },
    ...fromImages(environment, arns),
    {
      Sid: "TagsAtLaunchOnly",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [arns.ec2("instance/*"), arns.ec2("volume/*"), arns.ec2("fleet/*")],
      Condition: {
        StringEquals: {
          "ec2:CreateAction": ["CreateFleet", "RunInstances"],
          [requestTag(tags.environment)]: name,
          [requestTag(tags.manager)]: poolManager,
        },
      },
    },
  ];
}

const ending = ({ name }: Environment, arns: Arns): Statement => ({
  Sid: "EndOurMachines",
  Effect: "Allow",
  Action: ["ec2:TerminateInstances"],
  Resource: [arns.ec2("instance/*")],
  Condition: {
    StringEquals: { [resourceTag(tags.environment)]: name, [resourceTag(tags.manager)]: poolManager },
  },
});

/** Service Authorization Reference, Amazon EC2: these know no resource-level permission. */
const looking: Statement = {
  Sid: "LookAtMachines",
  Effect: "Allow",
  Action: ["ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:GetInstanceTypesFromInstanceRequirements"],
  Resource: ["*"],
};

/** Disks under an own key are made with the caller's grant to EBS. */
const disks = (environment: Environment, kmsKeyArn: string): readonly Statement[] => [
  {
    Sid: "DisksUnderOwnKey",
    Effect: "Allow",
    Action: [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ],
    Resource: [kmsKeyArn],
    Condition: { StringEquals: { "kms:ViaService": viaServices(environment, "ec2") } },
  },
  {
    Sid: "GrantDisksToEbs",
    Effect: "Allow",
    Action: ["kms:CreateGrant"],
    Resource: [kmsKeyArn],
    Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
  },
];

export const fleetPolicy = (environment: Environment, arns: Arns): readonly Statement[] => [
  ...launching(environment, arns),
  ending(environment, arns),
  looking,
  {
    Sid: "GiveMachinesTheirRole",
    Effect: "Allow",
    Action: ["iam:PassRole"],
    Resource: [arns.instanceRoles],
    Condition: { StringEquals: { "iam:PassedToService": passedToEc2(environment) } },
  },
  {
    Sid: "ReadImageIds",
    Effect: "Allow",
    Action: ["ssm:GetParameter", "ssm:GetParameters"],
    Resource: [...new Set(imagesOf(environment).map(({ parameter }) => arns.parameter(parameter)))],
  },
  ...(environment.kmsKeyArn === undefined ? [] : disks(environment, environment.kmsKeyArn)),
];
