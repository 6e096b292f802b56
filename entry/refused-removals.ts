// Why a deployment must not go on: what would go with it, and the instances and messages that would lose it.
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { keptIn } from "../cloud/aws/configuration-items.ts";
import { fleet } from "../cloud/aws/fleet.ts";
import { depth } from "../cloud/aws/pool.ts";
import type { Kept } from "../domain/configuration.ts";
import { queueName, unreadableQueueName } from "../domain/class-keys.ts";
import { tableName } from "../domain/names.ts";
import { removalsOf } from "../domain/removals.ts";
import { defaultsKey, table } from "../domain/table.ts";

export interface RemovalOptions {
  readonly environment: string;
  readonly region: string;
  /** The process's environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Another place than AWS. */
  readonly aws?: {
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
}

/** What the table says is deployed; undefined where there is no table yet, or where it was written before this was. */
async function deployed(client: DynamoDBClient, environment: string): Promise<Kept | undefined> {
  const Key = { [table.key]: { S: defaultsKey } };
  try {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName(environment), Key, ConsistentRead: true }),
    );
    return keptIn(Item ?? {});
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

/** One line where there are some; a queue that is gone holds none. */
async function messagesIn(client: SQSClient, name: string): Promise<readonly string[]> {
  try {
    const { QueueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    const count = await depth(client, QueueUrl);
    return count === 0 ? [] : [`the queue ${name} holds about ${count} message${count === 1 ? "" : "s"}`];
  } catch (error) {
    if (error instanceof Error && /^QueueDoesNotExist$|NonExistentQueue$/.test(error.name)) return [];
    throw error;
  }
}

/** Two lines for each: what is in use and by whom, and what to do. Empty where the deployment may go on. */
export async function refusedRemovals(
  described: Kept,
  { environment, region, env, aws }: RemovalOptions,
): Promise<readonly string[]> {
  const options = (service: "ec2" | "other") => ({
    region,
    ...clientOptions(service, env),
    ...aws,
  });
  const before = await deployed(new DynamoDBClient(options("other")), environment);
  const removals = before === undefined ? [] : removalsOf(before, described, environment);
  if (removals.length === 0) return [];
  const machines = fleet({
    ec2: (sdk) => new sdk.EC2Client(options("ec2")),
    ssm: () => new SSMClient(options("other")),
    environment,
  });
  const alive = (await machines.ours()).filter(({ state }) => state !== "shutting-down");
  const sqs = new SQSClient(options("other"));
  const refused: string[] = [];
  for (const { field, what, standsOn, resourceClass, remedy } of removals) {
    const ids = alive.filter(standsOn).map(({ instanceId }) => instanceId);
    const queues =
      resourceClass === undefined
        ? []
        : [queueName(environment, resourceClass), unreadableQueueName(environment, resourceClass)];
    const left = [
      ...(ids.length === 0
        ? []
        : [`${ids.length} instance${ids.length === 1 ? " stands" : "s stand"} on it: ${ids.join(", ")}`]),
      ...(await Promise.all(queues.map((name) => messagesIn(sqs, name)))).flat(),
    ];
    if (left.length === 0) continue;
    refused.push(`${environment}: ${field}: ${what} is in use: ${left.join("; ")}\n${remedy}\n`);
  }
  return refused;
}
