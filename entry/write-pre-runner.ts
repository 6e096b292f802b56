// `agent.mjs write-pre-runner FILE`: root writes down, before the agent starts, what the environment's machines run first.
import { chmod, rename, writeFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { imdsMetadata } from "../cloud/aws/imds-metadata.ts";
import { preRunnerScript } from "../cloud/aws/pre-runner-script.ts";
import { tableName } from "../domain/names.ts";
import { hostClock } from "./host-clock.ts";

/**
 * Rejects where the environment cannot be read: a machine that does not know its script is none. Root reads it itself, so that the
 * agent's unprivileged user cannot influence what root runs.
 */
export async function writePreRunner(file: string): Promise<void> {
  const { RUNPOOL_ENVIRONMENT = "", RUNPOOL_PRE_RUNNER_CLASS, AWS_EC2_METADATA_SERVICE_ENDPOINT } = process.env;
  const baseUrl = AWS_EC2_METADATA_SERVICE_ENDPOINT ?? "http://169.254.169.254";
  const { region } = await imdsMetadata({ baseUrl, clock: hostClock }).identity();
  const client = new DynamoDBClient({ region, ...clientOptions("other", process.env) });
  const script = await preRunnerScript(
    client,
    tableName(RUNPOOL_ENVIRONMENT),
    RUNPOOL_ENVIRONMENT,
    RUNPOOL_PRE_RUNNER_CLASS,
  );
  // Whole or not there at all: the agent's unit waits for the file.
  await writeFile(`${file}.new`, script);
  await chmod(`${file}.new`, 0o755);
  await rename(`${file}.new`, file);
}
