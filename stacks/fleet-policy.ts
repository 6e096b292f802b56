// What may be done with EC2: launch from this environment's templates with its tags, end what carries them, look around.
import { poolManager, tags } from "../domain/names.ts";
import type { Arns } from "./arns.ts";
import type { Environment } from "./environment.ts";
import { imageParameterOf } from "./operational.ts";
import type { Statement } from "./policy.ts";
import { passedToEc2, viaServices } from "./names-in-partition.ts";

const resourceTag = (key: string): string => `aws:ResourceTag/${key}`;
const requestTag = (key: string): string => `aws:RequestTag/${key}`;

/** RunInstances without a template of ours: this key is absent, and the condition fails. */
const byTemplate = (arns: Arns) => ({ ArnLike: { "ec2:LaunchTemplate": arns.ec2("launch-template/*") } });

/** CreateFleet of type `instant` calls RunInstances with the caller's own rights, so both are stated alike. */
function launching({ name, network }: Environment, arns: Arns): readonly Statement[] {
  const ours = { [resourceTag(tags.environment)]: name };
  const tagged = { [requestTag(tags.environment)]: name, [requestTag(tags.manager)]: poolManager };
  const launch = ["ec2:CreateFleet", "ec2:RunInstances"];
  const subnets =
    network.kind === "existing" ? network.subnets.map(({ id }) => arns.ec2(`subnet/${id}`)) : [arns.ec2("subnet/*")];
  return [
    {
      Sid: "FromOurTemplates",
      Effect: "Allow",
      Action: launch,
      Resource: [arns.ec2("launch-template/*"), arns.ec2("security-group/*")],
      Condition: { StringEquals: ours },
    },
    {
      Sid: "IntoOurSubnets",
      Effect: "Allow",
      Action: launch,
      Resource: subnets,
      ...(network.kind === "existing" ? {} : { Condition: { StringEquals: ours } }),
    },
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
      Condition: { StringEquals: tagged, ...byTemplate(arns) },
    },
    {
      Sid: "PartsOfMachines",
      Effect: "Allow",
      Action: launch,
      Resource: [arns.ec2("volume/*"), arns.ec2("network-interface/*"), arns.images],
    },
    {
      Sid: "TagsAtLaunchOnly",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [arns.ec2("instance/*"), arns.ec2("volume/*"), arns.ec2("fleet/*")],
      Condition: { StringEquals: { "ec2:CreateAction": ["CreateFleet", "RunInstances"] } },
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
    Resource: environment.architectures.map((architecture) =>
      arns.parameter(imageParameterOf(environment, architecture)),
    ),
  },
  ...(environment.kmsKeyArn === undefined ? [] : disks(environment, environment.kmsKeyArn)),
];
