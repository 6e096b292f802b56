// The pre-runner script, as an instance reads it when it boots: of the configuration this one attribute, and nothing else.
import { GetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Operational } from "../../domain/configuration.ts";
import { defaultsKey, overlayKey, table } from "../../domain/table.ts";
import { Unconfigured } from "../ports/settings.ts";
import { raise } from "./sdk-errors.ts";

const attribute: keyof Operational = "preRunnerScript";

async function scriptIn(client: DynamoDBClient, tableName: string, key: string) {
  const command = new GetItemCommand({
    TableName: tableName,
    Key: { [table.key]: { S: key } },
    ConsistentRead: true,
    // The key distinguishes an item without a script from a missing item.
    ProjectionExpression: "#key, #script",
    ExpressionAttributeNames: { "#key": table.key, "#script": attribute },
  });
  const { Item } = await client.send(command).catch((error: unknown) => raise(`GetItem on table ${tableName}`, error));
  return { found: Item !== undefined, script: Item?.[attribute]?.S };
}

/** The overlay's script, else the stack's, else "". Rejects if the environment cannot be read. */
export async function preRunnerScript(client: DynamoDBClient, tableName: string): Promise<string> {
  const [defaults, overlay] = await Promise.all([
    scriptIn(client, tableName, defaultsKey),
    scriptIn(client, tableName, overlayKey),
  ]);
  if (!defaults.found) throw new Unconfigured(`table ${tableName} has no configuration: deploy its stack again`);
  return overlay.script ?? defaults.script ?? "";
}
