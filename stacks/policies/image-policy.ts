// What the image pipeline may do: bake with Packer, test in the environment, publish, prune. No secret, no role of its own making.
import { imageTags } from "../../domain/image.ts";
import { tags } from "../../domain/names.ts";
import type { Arns } from "../arns.ts";
import { poolStatement, provisionPolicy } from "./control-policy.ts";
import type { Environment } from "../environment/environment.ts";
import { intoSubnets } from "./fleet-policy.ts";
import type { Statement } from "./policy.ts";
import { passedToEc2 } from "../environment/names-in-partition.ts";

const actions = (service: string, names: string): readonly string[] =>
  names.split(/\s+/).map((name) => `${service}:${name}`);

const resourceTag = (key: string, value: string) => ({ StringEquals: { [`aws:ResourceTag/${key}`]: value } });
const requestTag = (key: string, value: string) => ({ StringEquals: { [`aws:RequestTag/${key}`]: value } });

/** The tags that ami/image.pkr.hcl gives a build. */
const buildTags: readonly string[] = ["Name", tags.environment, imageTags.build];
const imageTagKeys: readonly string[] = Object.values(imageTags);

const partsOf = (arns: Arns): readonly string[] =>
  ["instance", "volume", "security-group", "key-pair", "launch-template"].map((kind) => arns.ec2(`${kind}/*`));

/**
 * What Packer makes carries the build's tag from its first moment (`run_tags`, `spot_tags` of ami/image.pkr.hcl): it launches, changes and ends
 * nothing else. The environment's tag alone would not do: its own launch templates and machines have it too.
 */
function baking({ name, network, imagesFrom }: Environment, arns: Arns): readonly Statement[] {
  const subnets = imagesFrom?.subnets?.map((id) => ({ id, zone: "", vpc: "" }));
  const buildNetwork = { name, network: subnets === undefined ? network : { kind: "existing" as const, subnets } };
  const ours = resourceTag(imageTags.build, name);
  const made = partsOf(arns);
  const launch = ["ec2:CreateFleet", "ec2:RunInstances"];
  return [
    {
      Sid: "MakeForABuild",
      Effect: "Allow",
      Action: actions("ec2", "CreateKeyPair CreateLaunchTemplate CreateSecurityGroup RunInstances"),
      Resource: made,
      // Of this environment's builds, and never as a machine of a pool: by these tags others end, count and trust machines.
      Condition: {
        StringEquals: { [`aws:RequestTag/${imageTags.build}`]: name },
        StringEqualsIfExists: { [`aws:RequestTag/${tags.environment}`]: name },
        "ForAllValues:StringEquals": { "aws:TagKeys": buildTags },
      },
    },
    { Sid: "InItsNetwork", Effect: "Allow", Action: ["ec2:CreateSecurityGroup"], Resource: [arns.ec2("vpc/*")] },
    {
      Sid: "LaunchFromTheBuild",
      Effect: "Allow",
      Action: launch,
      Resource: ["launch-template", "security-group", "key-pair"].map((kind) => arns.ec2(`${kind}/*`)),
      Condition: ours,
    },
    {
      Sid: "LaunchBuilds",
      Effect: "Allow",
      Action: launch,
      Resource: [arns.ec2("network-interface/*"), arns.images],
    },
    intoSubnets("IntoTheBuildsSubnets", launch, buildNetwork, arns),
    {
      // Its machines are tagged by the launch template, which RunInstances asks about.
      Sid: "AskForFleets",
      Effect: "Allow",
      Action: ["ec2:CreateFleet"],
      Resource: ["fleet", "instance", "volume"].map((kind) => arns.ec2(`${kind}/*`)),
    },
    {
      Sid: "ChangeTheBuild",
      Effect: "Allow",
      Action: actions(
        "ec2",
        `AuthorizeSecurityGroupIngress CreateImage CreateTags DeleteKeyPair DeleteLaunchTemplate DeleteSecurityGroup ModifyInstanceAttribute
        StopInstances TerminateInstances`,
      ),
      Resource: made,
      Condition: ours,
    },
    {
      // Tagged once it is there, if `spot_tags` are given (its plugin's stepRunSpotInstance).
      Sid: "TagSpotRequests",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [arns.ec2("spot-instances-request/*")],
      Condition: requestTag(imageTags.build, name),
    },
  ];
}

/**
 * What comes of it, and its tags. Packer makes images and snapshots with the build's tags on them, so what carries none of ours is nobody's to
 * tag: who may tag a thing, may prune it. In GovCloud and China it tags them only once they are there (its plugin's stepCreateAMI).
 */
function imaging({ name, awsPartition }: Environment, arns: Arns): readonly Statement[] {
  const created = "CreateImage CreateKeyPair CreateLaunchTemplate CreateSecurityGroup RunInstances";
  const taggedLate = awsPartition !== "aws";
  return [
    { Sid: "MakeImages", Effect: "Allow", Action: ["ec2:CreateImage"], Resource: [arns.images, arns.snapshots] },
    {
      // Packer sets `imds_support`.
      Sid: "FinishImages",
      Effect: "Allow",
      Action: ["ec2:ModifyImageAttribute"],
      Resource: [arns.images],
      Condition: taggedLate ? { StringEquals: { "ec2:Owner": arns.account } } : resourceTag(tags.environment, name),
    },
    {
      Sid: "TagAtCreation",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [...partsOf(arns), arns.ec2("network-interface/*"), arns.images, arns.snapshots],
      Condition: {
        StringEquals: { "ec2:CreateAction": created.split(" ") },
        StringEqualsIfExists: { [`aws:RequestTag/${tags.environment}`]: name },
        "ForAllValues:StringEquals": { "aws:TagKeys": [...buildTags, ...imageTagKeys] },
      },
    },
    ...(taggedLate
      ? [
          {
            Sid: "TagOurImages",
            Effect: "Allow",
            Action: ["ec2:CreateTags"],
            Resource: [arns.images, arns.snapshots],
            Condition: requestTag(tags.environment, name),
          } satisfies Statement,
        ]
      : []),
  ];
}

/** Packer reaches its machine through Session Manager, and hands it the role that allows just that. */
const reaching = (environment: Environment, arns: Arns): readonly Statement[] => [
  {
    Sid: "ReachTheBuild",
    Effect: "Allow",
    Action: ["ssm:StartSession"],
    Resource: [arns.ec2("instance/*")],
    Condition: { StringEquals: { [`ssm:resourceTag/${imageTags.build}`]: environment.name } },
  },
  { Sid: "ByForwarding", Effect: "Allow", Action: ["ssm:StartSession"], Resource: [arns.portForwarding] },
  {
    Sid: "OwnSessions",
    Effect: "Allow",
    Action: ["ssm:ResumeSession", "ssm:TerminateSession"],
    Resource: [arns.here("ssm", "session/${aws:userid}-*")],
  },
  {
    Sid: "GiveTheBuildItsRole",
    Effect: "Allow",
    Action: ["iam:PassRole"],
    Resource: [arns.imageBuildRole],
    Condition: { StringEquals: { "iam:PassedToService": passedToEc2(environment) } },
  },
  { Sid: "LookAtItsProfile", Effect: "Allow", Action: ["iam:GetInstanceProfile"], Resource: [arns.imageBuildProfile] },
];

const keeping = ({ name }: Environment, arns: Arns): readonly Statement[] => [
  {
    Sid: "MarkAndPrune",
    Effect: "Allow",
    Action: ["ec2:CreateTags", "ec2:DeregisterImage", "ec2:DeleteSnapshot"],
    Resource: [arns.images, arns.snapshots],
    Condition: resourceTag(tags.environment, name),
  },
  {
    Sid: "Publish",
    Effect: "Allow",
    Action: ["ssm:PutParameter"],
    Resource: [arns.parameter(`/runpool/${name}/ami/*`)],
  },
  {
    // Of every environment: what another one's parameter names is not pruned.
    Sid: "ReadImageParameters",
    Effect: "Allow",
    Action: ["ssm:GetParameter", "ssm:GetParameterHistory"],
    Resource: [arns.parameter("/runpool/*/ami/*")],
  },
  {
    // Service Authorization Reference: descriptions know no resource-level permission. Of parameters they show no value.
    Sid: "LookForImages",
    Effect: "Allow",
    Action: [
      ...actions(
        "ec2",
        `DescribeImageAttribute DescribeImages DescribeInstanceStatus DescribeInstanceTypeOfferings DescribeKeyPairs
        DescribeLaunchTemplates DescribeLaunchTemplateVersions DescribeRegions DescribeSecurityGroups DescribeSnapshots
        DescribeSpotPriceHistory DescribeSubnets DescribeTags DescribeVolumes DescribeVpcs`,
      ),
      "ssm:DescribeParameters",
    ],
    Resource: ["*"],
  },
];

/** The test of an image is a provision past the pool; the rest of the pipeline comes on top. */
export const imagePolicy = (environment: Environment, arns: Arns): readonly Statement[] => [
  ...provisionPolicy(environment, arns).filter(({ Sid }) => Sid !== poolStatement),
  ...baking(environment, arns),
  ...imaging(environment, arns),
  ...reaching(environment, arns),
  ...keeping(environment, arns),
];

/** The machine that an image is built on: what Session Manager needs of it, and nothing else. */
export const imageBuildPolicy = (arns: Arns): readonly Statement[] => [
  {
    // Session Manager's own channels know no resource-level permission (Service Authorization Reference, ssmmessages).
    Sid: "SessionAccess",
    Effect: "Allow",
    Action: [
      ...actions("ssmmessages", "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel"),
      "ssm:UpdateInstanceInformation",
    ],
    Resource: ["*"],
    Condition: { ArnEquals: { "ec2:SourceInstanceARN": arns.ec2("instance/*") } },
  },
];
