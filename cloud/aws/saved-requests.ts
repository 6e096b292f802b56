// What runs have asked for, in DynamoDB: one item a run, one attribute a provision.
import { GetItemCommand, UpdateItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { limits } from "../../domain/limits.ts";
import type { Request } from "../../domain/request.ts";
import { requestKey, table } from "../../domain/table.ts";
import type { SavedRequests } from "../ports.ts";
import { raise } from "./sdk-errors.ts";

const texts = z.array(z.string());
const schema = z.object({
  runId: z.string(),
  attempt: z.number(),
  provisionId: z.string(),
  repository: z.string(),
  count: z.number(),
  resourceClass: z.string(),
  minimum: z.object({ cpu: z.number(), mmem: z.number() }),
  architecture: z.enum(["x64", "arm64"]),
  usageClass: z.enum(["spot", "on-demand"]),
  allowedTypes: texts,
  labels: texts,
  fallback: z.boolean(),
  minCount: z.optional(z.number()),
  timeoutMs: z.optional(z.number()),
  maxRuntimeMs: z.optional(z.number()),
  label: z.optional(z.string()),
});

const prefix = "provision:";

/** Undefined where another version wrote what this one does not understand. */
function decode(text: string | undefined): Request | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text ?? ""));
    return parsed.success ? (parsed.data as Request) : undefined;
  } catch {
    return undefined;
  }
}

export const savedRequests = (client: DynamoDBClient, tableName: string): SavedRequests => ({
  save: async (request, at) => {
    const command = new UpdateItemCommand({
      TableName: tableName,
      Key: { [table.key]: { S: requestKey(request.runId) } },
      UpdateExpression: "SET #request = :request, #expires = :expires",
      ExpressionAttributeNames: { "#request": `${prefix}${request.provisionId}`, "#expires": table.ttl },
      ExpressionAttributeValues: {
        ":request": { S: JSON.stringify(request) },
        ":expires": { N: String(Math.ceil((at + limits.requestKeptMs) / 1000)) },
      },
    });
    await client.send(command).catch((error: unknown) => raise(`UpdateItem on table ${tableName}`, error));
  },
  ofRun: async (runId) => {
    const command = new GetItemCommand({
      TableName: tableName,
      Key: { [table.key]: { S: requestKey(runId) } },
      ConsistentRead: true,
    });
    const { Item = {} } = await client
      .send(command)
      .catch((error: unknown) => raise(`GetItem on table ${tableName}`, error));
    return Object.entries(Item).flatMap(([name, { S }]) => (name.startsWith(prefix) ? (decode(S) ?? []) : []));
  },
});
