// Furnishing the embedded cloud (or any AWS endpoint) as a deployed environment would be: table, queues, templates, parameters.
import {
  CreateTableCommand,
  PutItemCommand,
  UpdateTimeToLiveCommand,
  type AttributeValue,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { CreateLaunchTemplateCommand, type EC2Client, type RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import { CreateQueueCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";

export interface FurnishClients {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
}

/** What a deployed environment consists of, in AWS's terms. */
export interface FurnishPlan {
  readonly table: {
    readonly name: string;
    readonly hash: string;
    /** Type of each key attribute, `S` or `N`. */
    readonly attributes: Readonly<Record<string, "S" | "N">>;
    readonly indexes: readonly {
      readonly name: string;
      readonly hash: string;
      readonly range: string | undefined;
      readonly projects: readonly string[];
    }[];
    readonly ttl: string;
  };
  readonly queues: readonly { readonly name: string; readonly attributes: Readonly<Record<string, string>> }[];
  readonly templates: readonly { readonly name: string; readonly data: RequestLaunchTemplateData }[];
  readonly parameters: readonly { readonly name: string; readonly value: string; readonly secure: boolean }[];
}

/** What AWS named in making it. */
export interface Furnished {
  /** Queue URLs by name. */
  readonly queueUrls: Readonly<Record<string, string>>;
  /** Launch template ids by name. */
  readonly templateIds: Readonly<Record<string, string>>;
}

async function makeTable(
  client: DynamoDBClient,
  { name, hash, attributes, indexes, ttl }: FurnishPlan["table"],
): Promise<void> {
  const keySchema = (hashName: string, rangeName: string | undefined) => [
    { AttributeName: hashName, KeyType: "HASH" as const },
    ...(rangeName === undefined ? [] : [{ AttributeName: rangeName, KeyType: "RANGE" as const }]),
  ];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: Object.entries(attributes).map(([AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType,
      })),
      KeySchema: keySchema(hash, undefined),
      GlobalSecondaryIndexes: indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: keySchema(index.hash, index.range),
        Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: [...index.projects] },
      })),
    }),
  );
  const TimeToLiveSpecification = { AttributeName: ttl, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
}

/** Makes everything of the plan but the items, which need the names that AWS gives. */
export async function furnish(clients: FurnishClients, plan: FurnishPlan): Promise<Furnished> {
  await makeTable(clients.dynamodb, plan.table);
  const queueUrls: Record<string, string> = {};
  for (const { name, attributes } of plan.queues) {
    const { QueueUrl } = await clients.sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: { ...attributes } }),
    );
    queueUrls[name] = QueueUrl ?? "";
  }
  const templateIds: Record<string, string> = {};
  for (const { name, data } of plan.templates) {
    const command = new CreateLaunchTemplateCommand({ LaunchTemplateName: name, LaunchTemplateData: data });
    templateIds[name] = (await clients.ec2.send(command)).LaunchTemplate?.LaunchTemplateId ?? "";
  }
  for (const { name, value, secure } of plan.parameters)
    await clients.ssm.send(
      new PutParameterCommand({ Name: name, Value: value, Type: secure ? "SecureString" : "String", Overwrite: true }),
    );
  return { queueUrls, templateIds };
}

export async function putItem(
  client: DynamoDBClient,
  table: string,
  item: Record<string, AttributeValue>,
): Promise<void> {
  await client.send(new PutItemCommand({ TableName: table, Item: item }));
}
