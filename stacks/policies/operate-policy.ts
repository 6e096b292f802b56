// What operators may do beside refresh: pause and resume, read logs, and look at all that `runpool doctor` looks at.
import { tags } from "../../domain/names.ts";
import { pauseKey } from "../../domain/table.ts";
import type { Arns } from "../arns.ts";
import { refreshPolicy } from "./control-policy.ts";
import type { Environment } from "../environment/environment.ts";
import type { Statement } from "./policy.ts";

/** EC2 User Guide, "Service-linked role for Spot Instance requests". */
const spotRole = "role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot";

const examining = (arns: Arns): readonly Statement[] => [
  {
    Sid: "ExamineTable",
    Effect: "Allow",
    Action: ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"],
    Resource: [arns.table],
  },
  {
    // Service Authorization Reference, Amazon EC2 and Service Quotas: these know no resource-level permission.
    Sid: "ExamineAccount",
    Effect: "Allow",
    Action: [
      "ec2:DescribeImages",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:DescribeSubnets",
      "servicequotas:GetServiceQuota",
    ],
    Resource: ["*"],
  },
  { Sid: "ExamineSpotRole", Effect: "Allow", Action: ["iam:GetRole"], Resource: [arns.iam(spotRole)] },
];

/** `runpool logs`. */
const reading = (environment: Environment, arns: Arns): readonly Statement[] => [
  {
    Sid: "ReadInstanceLogs",
    Effect: "Allow",
    Action: ["logs:DescribeLogStreams", "logs:GetLogEvents"],
    Resource: [arns.instanceLogs, `${arns.instanceLogs}:*`],
  },
  {
    Sid: "ReadConsoles",
    Effect: "Allow",
    Action: ["ec2:GetConsoleOutput"],
    Resource: [arns.ec2("instance/*")],
    Condition: { StringEquals: { [`aws:ResourceTag/${tags.environment}`]: environment.name } },
  },
];

/** A pause is an item, which `runpool resume` deletes. */
const resuming = (arns: Arns): Statement => ({
  Sid: "EndPause",
  Effect: "Allow",
  Action: ["dynamodb:DeleteItem"],
  Resource: [arns.table],
  Condition: {
    "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [pauseKey] },
    Null: { "dynamodb:LeadingKeys": "false" },
  },
});

export const operatePolicy = (environment: Environment, arns: Arns): readonly Statement[] => [
  ...refreshPolicy(environment, arns),
  resuming(arns),
  ...examining(arns),
  ...reading(environment, arns),
];
