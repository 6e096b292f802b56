// What a workflow may do that deploys this environment again: everything but roles and policies, which an administrator applies.
import { queueName } from "../../domain/class-keys.ts";
import { imageBuildRoleName, instanceRoleName, tags } from "../../domain/names.ts";
import { defaultsKey } from "../../domain/table.ts";
import { lambdaNames, stackNames, type Arns } from "../arns.ts";
import { lambdasOf } from "../lambdas.ts";
import { credentialParameterOf } from "../../domain/configuration.ts";
import type { Environment } from "../environment/environment.ts";
import { provisionRoles } from "./github-trust.ts";
import { viaServices } from "../environment/names-in-partition.ts";
import { deployLambdas, lambdaQueues, lambdaRoles } from "./lambda-policy.ts";
import type { Statement } from "./policy.ts";

const actions = (service: string, names: string): readonly string[] =>
  names.split(/\s+/).map((name) => `${service}:${name}`);

/** Parts of the network and the launch templates, by their kinds in ARNs. */
const ec2Kinds = [
  "elastic-ip",
  "internet-gateway",
  "launch-template",
  "natgateway",
  "route-table",
  "security-group",
].concat(["security-group-rule", "subnet", "vpc", "vpc-endpoint"]);

function network({ name }: Environment, arns: Arns): readonly Statement[] {
  const Resource = ec2Kinds.map((kind) => arns.ec2(`${kind}/*`));
  const changes = `AllocateAddress AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress
    AuthorizeSecurityGroupIngress CreateInternetGateway CreateLaunchTemplate CreateLaunchTemplateVersion CreateNatGateway CreateRoute
    CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpc CreateVpcEndpoint`;
  return [
    {
      Sid: "MakeWithOurTag",
      Effect: "Allow",
      Action: actions("ec2", changes),
      Resource,
      Condition: { StringEquals: { [`aws:RequestTag/${tags.environment}`]: name } },
    },
    {
      Sid: "ChangeWhatIsOurs",
      Effect: "Allow",
      Action: actions(
        "ec2",
        `${changes} CreateTags DeleteTags DeleteInternetGateway DeleteLaunchTemplate DeleteNatGateway DeleteRoute
        DeleteRouteTable DeleteSecurityGroup DeleteSubnet DeleteVpc DeleteVpcEndpoints DetachInternetGateway DisassociateAddress
        DisassociateRouteTable ModifyLaunchTemplate ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint ReleaseAddress
        RevokeSecurityGroupEgress RevokeSecurityGroupIngress`,
      ),
      Resource,
      Condition: { StringEquals: { [`aws:ResourceTag/${tags.environment}`]: name } },
    },
    {
      Sid: "TagWhatIsMade",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource,
      Condition: {
        Null: { "ec2:CreateAction": "false" },
        StringEquals: { [`aws:RequestTag/${tags.environment}`]: name },
      },
    },
  ];
}

const looking = (arns: Arns): readonly Statement[] => [
  {
    // Service Authorization Reference: descriptions, and CloudWatch's and Logs' listings, know no resource-level permission. DescribeImages:
    // who writes a parameter of type aws:ec2:image must have it (Systems Manager User Guide, "Native parameter support for AMI IDs").
    Sid: "Look",
    Effect: "Allow",
    Action: [
      ...actions(
        "ec2",
        `DescribeAddresses DescribeAddressesAttribute DescribeAvailabilityZones DescribeImages DescribeInstances DescribeInternetGateways
          DescribeLaunchTemplates DescribeLaunchTemplateVersions DescribeNatGateways DescribeNetworkAcls DescribeNetworkInterfaces DescribePrefixLists DescribeRouteTables
          DescribeSecurityGroups DescribeSecurityGroupRules DescribeSubnets DescribeVpcs DescribeVpcEndpoints`,
      ),
      "cloudwatch:DescribeAlarms",
      "logs:DescribeLogGroups",
      "ssm:DescribeParameters",
    ],
    Resource: ["*"],
  },
  {
    // The one attribute call that does know it.
    Sid: "LookAtVpcs",
    Effect: "Allow",
    Action: ["ec2:DescribeVpcAttribute"],
    Resource: [arns.ec2("vpc/*")],
  },
];

function stored({ name, state, awsPartition }: Environment): readonly Statement[] {
  if (state.kind === "local") return [];
  const { region, kmsKeyArn } = state;
  const bucket = `arn:${awsPartition}:s3:::${state.bucket}`;
  return [
    { Sid: "FindState", Effect: "Allow", Action: ["s3:ListBucket"], Resource: [bucket] },
    {
      Sid: "KeepState",
      Effect: "Allow",
      Action: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      Resource: ["pool", "control", "observability"].flatMap((stack) => {
        const key = `${bucket}/runpool/${name}-${stack}.tfstate`;
        return [key, `${key}.tflock`];
      }),
    },
    ...(kmsKeyArn === undefined
      ? []
      : [
          through(
            "StateUnderItsKey",
            kmsKeyArn,
            viaServices({ awsPartition, region }, "s3"),
            "Decrypt GenerateDataKey",
          ),
        ]),
  ];
}

/** A key, by the services that use it in the caller's name. */
const through = (Sid: string, key: string, services: readonly string[], names: string): Statement => ({
  Sid,
  Effect: "Allow",
  Action: actions("kms", names),
  Resource: [key],
  Condition: { StringEquals: { "kms:ViaService": services } },
});

/**
 * DynamoDB uses the caller's rights to the table's key: to make or change a table all of these, for each item Decrypt (KMS Developer Guide,
 * "How Amazon DynamoDB uses AWS KMS"). Queues and log groups name the key and use none of the caller's rights.
 */
const tableKey = (environment: Environment): readonly Statement[] =>
  environment.kmsKeyArn === undefined
    ? []
    : [
        through(
          "TableUnderItsKey",
          environment.kmsKeyArn,
          viaServices(environment, "dynamodb"),
          "CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo",
        ),
      ];

const on = (Sid: string, service: string, names: string, ...Resource: readonly string[]): Statement => ({
  Sid,
  Effect: "Allow",
  Action: actions(service, names),
  Resource,
});

const pool = (environment: Environment, arns: Arns): readonly Statement[] => [
  on(
    "Table",
    "dynamodb",
    `CreateTable DeleteTable DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource
    TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive`,
    arns.table,
  ),
  {
    // The stack's own item: records, pauses and the overlay are not a deployment's to read or write.
    ...on("Defaults", "dynamodb", "DeleteItem GetItem PutItem UpdateItem", arns.table),
    Condition: {
      "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [defaultsKey] },
      Null: { "dynamodb:LeadingKeys": "false" },
    },
  },
  on(
    "Queues",
    "sqs",
    "CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue UntagQueue",
    ...lambdasOf(environment)
      .flatMap((lambda) => lambdaQueues(environment.name, lambda))
      .map((queue) => arns.here("sqs", queue)),
    arns.here("sqs", queueName(environment.name, "*")),
  ),
  on(
    "ImageParameters",
    "ssm",
    "AddTagsToResource DeleteParameter GetParameter GetParameters ListTagsForResource PutParameter RemoveTagsFromResource",
    arns.parameter(`/runpool/${environment.name}/ami/*`),
  ),
];

const rolesOfLambdas = (environment: Environment): readonly string[] =>
  lambdasOf(environment).flatMap((lambda) => lambdaRoles(environment.name, lambda));

/** The roles of the control stack. */
function rolesOf(environment: Environment): readonly string[] {
  const { operateRole, deployRole, imagesRole } = stackNames(environment.name);
  return [
    ...provisionRoles(environment).map(({ name }) => name),
    operateRole,
    deployRole,
    imagesRole,
    ...rolesOfLambdas(environment),
  ];
}

/** Roles are looked at and handed on, never made or changed. */
const roles = (environment: Environment, arns: Arns): readonly Statement[] => [
  on(
    "LookAtRoles",
    "iam",
    "GetInstanceProfile GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies",
    ...["role", "instance-profile"].flatMap((kind) => [
      arns.iam(`${kind}/${instanceRoleName(environment.name)}*`),
      arns.iam(`${kind}/${imageBuildRoleName(environment.name)}`),
    ]),
    ...rolesOf(environment).map((role) => arns.iam(`role/${role}`)),
  ),
  on(
    "LookAtPolicies",
    "iam",
    "GetPolicy GetPolicyVersion ListPolicyVersions",
    ...rolesOf(environment).map((role) => arns.iam(`policy/${role}`)),
  ),
  {
    Sid: "GiveRoles",
    Effect: "Allow",
    Action: ["iam:PassRole"],
    Resource: rolesOfLambdas(environment).map((role) => arns.iam(`role/${role}`)),
    Condition: { StringEquals: { "iam:PassedToService": ["lambda.amazonaws.com", "scheduler.amazonaws.com"] } },
  },
];

const control = (environment: Environment, arns: Arns): readonly Statement[] => [
  ...deployLambdas(environment, arns, lambdasOf(environment)),
  on(
    "Logs",
    "logs",
    "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey ListTagsForResource PutRetentionPolicy TagResource UntagResource",
    arns.here("logs", `log-group:/runpool/${environment.name}/*`),
    ...lambdasOf(environment)
      .map((lambda) => arns.here("logs", `log-group:${lambdaNames(environment.name, lambda.name).logs}`))
      .flatMap((group) => [group, `${group}:*`]),
  ),
];

const ofNoRegion = (service: string, resource: string, { awsPartition, account }: Environment): string =>
  `arn:${awsPartition}:${service}::${account}:${resource}`;

const observability = (prefix: string, environment: Environment, arns: Arns): readonly Statement[] => [
  on(
    "Watch",
    "cloudwatch",
    "DeleteAlarms DeleteDashboards GetDashboard ListTagsForResource PutDashboard PutMetricAlarm TagResource UntagResource",
    // The "_" ends the name, as in queues and schedules: no other environment's continues so.
    arns.here("cloudwatch", `alarm:${prefix}_*`),
    ofNoRegion("cloudwatch", `dashboard/${prefix}`, environment),
  ),
  on(
    "Tell",
    "sns",
    `CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes ListTagsForResource SetTopicAttributes Subscribe
    TagResource Unsubscribe UntagResource`,
    arns.here("sns", stackNames(environment.name).alarms),
    arns.here("sns", `${stackNames(environment.name).alarms}:*`),
  ),
  ...(environment.monthlyBudgetUsd === undefined
    ? []
    : [
        on(
          "Budget",
          "budgets",
          "ListTagsForResource ModifyBudget TagResource UntagResource ViewBudget",
          ofNoRegion("budgets", `budget/${prefix}`, environment),
        ),
      ]),
];

export function deployPolicy(environment: Environment, arns: Arns): readonly Statement[] {
  const { prefix } = stackNames(environment.name);
  return [
    ...pool(environment, arns),
    ...tableKey(environment),
    ...roles(environment, arns),
    ...control(environment, arns),
    ...observability(prefix, environment, arns),
    ...network(environment, arns),
    ...looking(arns),
    ...stored(environment),
    {
      Sid: "NeverSecrets",
      Effect: "Deny",
      Action: ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:PutParameter"],
      Resource: [arns.parameter(credentialParameterOf(environment.name, environment.forge)), ...arns.allRunnerTokens],
    },
  ];
}
