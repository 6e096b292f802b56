// The environment's settings in DynamoDB: configuration, pause, and the counters of live instances.
import { PutItemCommand, UpdateItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Overlay } from "../../domain/configuration.ts";
import type { Brake } from "../../domain/brake.ts";
import { brakesKey, defaultsKey, overlayKey, pauseKey } from "../../domain/table.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { Unconfigured, type LoadedSettings, type Settings } from "../ports/settings.ts";
import { batchGet } from "./instances.ts";
import { counters } from "./counters.ts";
import { AwsRefused, raise } from "./sdk-errors.ts";

/** Loaded when the first reply is there: what it is read by is larger than what it is asked with. */
const reader = () => import("./configuration-items.ts");

export interface SettingsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** For errors only. */
  readonly environment: string;
  readonly region: string;
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Pick<Random, "next">;
}

async function load(options: SettingsOptions): Promise<LoadedSettings> {
  const { table: name, environment, region } = options;
  const place = `environment "${environment}" (table ${name} in ${region})`;
  const items = await batchGet(options, [defaultsKey, overlayKey, pauseKey, brakesKey]).catch((error: unknown) => {
    if (!(error instanceof AwsRefused) || error.code !== "ResourceNotFoundException") throw error;
    throw new Unconfigured(
      `${place} does not exist: check the environment's name, the region and the account, or deploy its stack`,
      { cause: error },
    );
  });
  const reading = (await reader()).readConfiguration(items);
  if ("skew" in reading) throw new Unconfigured(reading.skew);
  if (!("problems" in reading)) return reading;
  throw new Unconfigured(
    `${place} has no usable configuration: deploy its stack again.\n` +
      reading.problems.map((problem) => `- ${problem}`).join("\n"),
  );
}

async function writeOverlay(
  { client, table: TableName }: SettingsOptions,
  overlay: Overlay,
  seen?: Overlay,
): Promise<void> {
  const { overlayChange, overlayItem } = await reader();
  if (seen === undefined) {
    const command = new PutItemCommand({ TableName, Item: overlayItem(overlay) });
    await client.send(command).catch((error: unknown) => raise(`PutItem on table ${TableName}`, error));
    return;
  }
  const change = overlayChange(overlay, seen);
  if (change === undefined) return;
  const command = new UpdateItemCommand({ TableName, ...change });
  await client.send(command).catch((error: unknown) => raise(`UpdateItem on table ${TableName}`, error));
}

async function writeBrakes({ client, table: TableName }: SettingsOptions, brakes: readonly Brake[]): Promise<void> {
  const command = new PutItemCommand({ TableName, Item: (await reader()).brakesItem(brakes) });
  await client.send(command).catch((error: unknown) => raise(`PutItem on table ${TableName}`, error));
}

/** Writes that the port gives no Unknown for reject with OutOfReach: doing them again is harmless, refresh does. */
export const settings = (options: SettingsOptions): Settings => ({
  load: () => load(options),
  writeOverlay: (overlay, seen) => writeOverlay(options, overlay, seen),
  writeBrakes: (brakes) => writeBrakes(options, brakes),
  ...counters(options),
});
