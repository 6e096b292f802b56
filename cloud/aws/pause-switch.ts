// The pause of an environment: an item beside its configuration, which every provision reads first.
import { DeleteItemCommand, PutItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { pauseKey, table } from "../../domain/table.ts";
import type { PauseSwitch } from "../ports/settings.ts";
import { raise } from "./sdk-errors.ts";

export const pauseSwitch = (client: DynamoDBClient, tableName: string): PauseSwitch => ({
  pause: async (pause) => {
    const { pauseItem } = await import("./configuration-items.ts");
    const command = new PutItemCommand({ TableName: tableName, Item: pauseItem(pause) });
    await client.send(command).catch((error: unknown) => raise(`PutItem on table ${tableName}`, error));
  },
  resume: async () => {
    const command = new DeleteItemCommand({ TableName: tableName, Key: { [table.key]: { S: pauseKey } } });
    await client.send(command).catch((error: unknown) => raise(`DeleteItem on table ${tableName}`, error));
  },
});
