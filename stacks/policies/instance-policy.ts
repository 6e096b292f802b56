// What an instance may do: its own item, the pre-runner script, the tokens of its partition, its own just-in-time
// configuration, its own log stream. Nothing of EC2.
import { readerTag } from "../../domain/names.ts";
import { agentAttributes } from "../../domain/record.ts";
import { bootAttributes, defaultsKey, overlayKey, table } from "../../domain/table.ts";
import type { Arns } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import type { Statement } from "./policy.ts";
import { viaServices } from "../environment/names-in-partition.ts";

/** EC2 User Guide: the ARN of the instance that the role's credentials were given to. It is also the item's key. */
const ownArn = "${ec2:SourceInstanceARN}";

/** Condition keys with `Null: false` beside each `ForAllValues`, which is true where the key is absent. */
const ownItem = {
  "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [ownArn] },
  Null: { "dynamodb:LeadingKeys": "false", "ec2:SourceInstanceARN": "false" },
};

const records = (arns: Arns): readonly Statement[] => [
  {
    Sid: "ReadOwnItem",
    Effect: "Allow",
    Action: ["dynamodb:GetItem"],
    Resource: [arns.table],
    Condition: ownItem,
  },
  {
    // Of the configuration what a boot needs: a request for the whole item names no attribute, and is denied.
    Sid: "ReadPreRunnerScript",
    Effect: "Allow",
    Action: ["dynamodb:GetItem"],
    Resource: [arns.table],
    Condition: {
      "ForAllValues:StringEquals": {
        "dynamodb:LeadingKeys": [defaultsKey, overlayKey],
        "dynamodb:Attributes": [table.key, ...bootAttributes],
      },
      Null: { ...ownItem.Null, "dynamodb:Attributes": "false" },
    },
  },
  {
    // IAM counts names in conditions too: `version` is thereby writable by its own agent, which hurts only itself.
    Sid: "ReportInOwnItem",
    Effect: "Allow",
    Action: ["dynamodb:UpdateItem"],
    Resource: [arns.table],
    Condition: {
      "ForAllValues:StringEquals": {
        ...ownItem["ForAllValues:StringEquals"],
        "dynamodb:Attributes": [table.key, ...agentAttributes, "version"],
      },
      Null: { ...ownItem.Null, "dynamodb:Attributes": "false" },
    },
  },
];

const configurations = (arns: Arns): Statement => ({
  // The one that is tagged for this very instance; no ARN could name it, for SSM's names take no ":". GetParameter is authorized on its
  // resource type `parameter`, with the condition key aws:ResourceTag (Service Authorization Reference, "Actions, resources, and condition
  // keys for AWS Systems Manager"); GetParametersByPath knows no tags there, so that is no right of an instance. A name under which there
  // is nothing has no tag: AWS denies it like another's.
  Sid: "ReadOwnConfiguration",
  Effect: "Allow",
  Action: ["ssm:GetParameter"],
  Resource: arns.jitConfigurations.slice(1),
  Condition: {
    StringEquals: { [`aws:ResourceTag/${readerTag}`]: [ownArn] },
    Null: { "ec2:SourceInstanceARN": "false" },
  },
});

const sessions = (arns: Arns): Statement => ({
  // Session Manager's own channels know no resource-level permission (Service Authorization Reference, ssmmessages).
  Sid: "SessionAccess",
  Effect: "Allow",
  Action: [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ssm:UpdateInstanceInformation",
  ],
  Resource: ["*"],
  Condition: { ArnEquals: { "ec2:SourceInstanceARN": arns.ec2("instance/*") } },
});

const logs = (arns: Arns): Statement => ({
  // A stream's name takes no ":", so no ARN: the stream ends in the private address, which IAM knows of the caller.
  Sid: "WriteOwnLogStream",
  Effect: "Allow",
  Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
  Resource: [`${arns.instanceLogs}:log-stream:*/\${aws:Ec2InstanceSourcePrivateIPv4}`],
});

export const instancePolicy = (environment: Environment, arns: Arns, partition: string): readonly Statement[] => [
  ...records(arns),
  { Sid: "ReadRunnerTokens", Effect: "Allow", Action: ["ssm:GetParameter"], Resource: arns.runnerTokensOf(partition) },
  configurations(arns),
  ...(environment.kmsKeyArn === undefined
    ? []
    : [
        {
          Sid: "DecryptRunnerTokens",
          Effect: "Allow",
          Action: ["kms:Decrypt"],
          Resource: [environment.kmsKeyArn],
          Condition: {
            StringEquals: {
              "kms:ViaService": viaServices(environment, "ssm", "dynamodb"),
            },
          },
        } satisfies Statement,
      ]),
  ...(environment.shipLogs ? [logs(arns)] : []),
  ...(environment.sessionAccess ? [sessions(arns)] : []),
];
