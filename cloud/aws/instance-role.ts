// The calls of an instance's role, each made such that it changes nothing even where it is wrongly allowed.
import {
  DeleteItemCommand,
  GetItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { TerminateInstancesCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { DeleteMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import { table } from "../../domain/table.ts";
import type { InstanceRole, RoleAnswer, RoleCall } from "../ports/doctor.ts";
import { asSdkError, problemOf, raise } from "./sdk-errors.ts";

export interface RoleOptions {
  readonly table: string;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
  readonly ec2: EC2Client;
  readonly sts: STSClient;
  /** A queue's URL by its name: asking SQS for it would need a right of its own. */
  readonly queueUrl: (name: string) => string;
}

const denials = new Set(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "KMSAccessDeniedException"]);
/** Answers of a service that let the call in, and then could not do it. */
const admissions = new Set([
  "ConditionalCheckFailedException",
  "ParameterNotFound",
  "ReceiptHandleIsInvalid",
  "InvalidIdFormat",
  "QueueDoesNotExist",
  "AWS.SimpleQueueService.NonExistentQueue",
  "DryRunOperation",
]);

/** Holds for no item, and names nothing but the key. */
const never = { ConditionExpression: "attribute_exists(#key) AND attribute_not_exists(#key)" };
const keyName = { "#key": table.key };

function updateOf(options: RoleOptions, key: string, attributes: readonly string[]): UpdateItemCommand {
  return new UpdateItemCommand({
    TableName: options.table,
    Key: { [table.key]: { S: key } },
    UpdateExpression: `SET ${attributes.map((_, i) => `#a${i} = :value`).join(", ")}`,
    ...never,
    ExpressionAttributeNames: { ...keyName, ...Object.fromEntries(attributes.map((name, i) => [`#a${i}`, name])) },
    ExpressionAttributeValues: { ":value": { S: "" } },
  });
}

function send(options: RoleOptions, call: RoleCall): Promise<unknown> {
  const { dynamodb, sqs, ssm, ec2, table: TableName } = options;
  const item = (key: string) => ({ TableName, Key: { [table.key]: { S: key } } });
  switch (call.kind) {
    case "read-item":
      return dynamodb.send(new GetItemCommand(item(call.key)));
    case "update-item":
      return dynamodb.send(updateOf(options, call.key, call.attributes));
    case "delete-item":
      return dynamodb.send(new DeleteItemCommand({ ...item(call.key), ...never, ExpressionAttributeNames: keyName }));
    case "scan-table":
      return dynamodb.send(new ScanCommand({ TableName, Limit: 1 }));
    case "read-parameter":
      return ssm.send(new GetParameterCommand({ Name: call.name, WithDecryption: true }));
    case "use-queue":
      return sqs.send(new DeleteMessageCommand({ QueueUrl: options.queueUrl(call.queue), ReceiptHandle: "none" }));
    case "end-machine":
      return ec2.send(new TerminateInstancesCommand({ InstanceIds: [call.instanceId], DryRun: true }));
  }
}

async function attempt(options: RoleOptions, call: RoleCall): Promise<RoleAnswer> {
  try {
    await send(options, call);
    return { kind: "allowed" };
  } catch (error) {
    const { name } = asSdkError(error);
    if (denials.has(name)) return { kind: "denied" };
    if (admissions.has(name)) return { kind: "allowed" };
    return { kind: "unclear", why: problemOf(error) };
  }
}

export const instanceRole = (options: RoleOptions): InstanceRole => ({
  caller: async () => {
    const { Arn = "" } = await options.sts
      .send(new GetCallerIdentityCommand({}))
      .catch((error: unknown) => raise("sts:GetCallerIdentity", error));
    return Arn;
  },
  attempt: (call) => attempt(options, call),
});
