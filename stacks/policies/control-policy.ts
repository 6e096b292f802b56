// What the control plane may do: provision and release from a workflow; refresh beside them.
import { counterKey, requestKey } from "../../domain/table.ts";
import type { Arns } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { credentialParameterOf } from "../../domain/configuration.ts";
import { fleetPolicy } from "./fleet-policy.ts";
import type { Statement } from "./policy.ts";
import { viaServices } from "../environment/names-in-partition.ts";

/** A workflow writes records, counters and its request, and never the configuration: that is the operators' and refresh's. */
const writableKeys = (arns: Arns): readonly string[] => [arns.ec2("instance/*"), counterKey("*"), requestKey("*")];

const records = (arns: Arns): readonly Statement[] => [
  {
    Sid: "ReadRecords",
    Effect: "Allow",
    // Scan: a provision that fails at the maximum names who holds the instances.
    Action: ["dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"],
    Resource: [arns.table, arns.indexes],
  },
  {
    Sid: "WriteRecords",
    Effect: "Allow",
    Action: ["dynamodb:UpdateItem"],
    Resource: [arns.table],
    Condition: {
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": writableKeys(arns) },
      Null: { "dynamodb:LeadingKeys": "false" },
    },
  },
];

/** The overlay and a pause are written whole, and every item may be looked at. */
const wholeTable = (arns: Arns): Statement => ({
  Sid: "UseTable",
  Effect: "Allow",
  Action: ["BatchGetItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"].map((name) => `dynamodb:${name}`),
  Resource: [arns.table, arns.indexes],
});

export const poolStatement = "UsePool";
const queues = (arns: Arns): Statement => ({
  Sid: poolStatement,
  Effect: "Allow",
  Action: ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"],
  Resource: arns.queues,
});

const ownKey = (environment: Environment): readonly Statement[] =>
  environment.kmsKeyArn === undefined
    ? []
    : [
        {
          Sid: "UseOwnKey",
          Effect: "Allow",
          Action: ["kms:Decrypt", "kms:GenerateDataKey"],
          Resource: [environment.kmsKeyArn],
          Condition: {
            StringEquals: {
              "kms:ViaService": viaServices(environment, "dynamodb", "sqs", "ssm"),
            },
          },
        },
      ];

/** No secret is within reach: neither the runner tokens nor the App's key. */
export const provisionPolicy = (environment: Environment, arns: Arns): readonly Statement[] => [
  ...records(arns),
  queues(arns),
  ...fleetPolicy(environment, arns),
  ...ownKey(environment),
];

/** Provision's, and: every record, the configuration's overlay, the runner tokens, the forge's credential. */
export const refreshPolicy = (environment: Environment, arns: Arns): readonly Statement[] => [
  wholeTable(arns),
  queues(arns),
  { Sid: "MeasurePool", Effect: "Allow", Action: ["sqs:GetQueueAttributes"], Resource: arns.queues },
  ...fleetPolicy(environment, arns),
  {
    Sid: "RenewRunnerTokens",
    Effect: "Allow",
    Action: ["ssm:GetParameter", "ssm:PutParameter"],
    Resource: arns.allRunnerTokens,
  },
  {
    // Not read: names and times are listed, and expired ones deleted.
    Sid: "SweepConfigurations",
    Effect: "Allow",
    Action: ["ssm:GetParametersByPath", "ssm:DeleteParameters"],
    Resource: arns.jitConfigurations,
  },
  {
    Sid: "ReadForgeCredential",
    Effect: "Allow",
    Action: ["ssm:GetParameter"],
    Resource: [arns.parameter(credentialParameterOf(environment.name, environment.forge))],
  },
  ...ownKey(environment),
];
