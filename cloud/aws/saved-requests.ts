// Requests of runs and their outcomes in DynamoDB: one item per run, one attribute per provision, outcome and release.
import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  paginateQuery,
  type AttributeValue,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { batchesOf } from "../../domain/batches.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { repositoriesOf, type Outcome, type RunOutcomes } from "../../domain/outcome.ts";
import { formatOwner, provisionIds, ownerOf, runIds, type Owner } from "../../domain/owner.ts";
import type { Request } from "../../domain/request.ts";
import { outcomePool, poolAttribute, requestKey, table, reportedKey } from "../../domain/table.ts";
import type { Beginnings } from "../ports/beginnings.ts";
import type { SavedRequests } from "../ports/saved-requests.ts";
import type { Item } from "./attribute-values.ts";
import { batchGet, type InstancesOptions } from "./instances.ts";
import { asSdkError, raise } from "./sdk-errors.ts";
import { schemaOf } from "./stored-shape.ts";
import { architectures } from "../../domain/record.ts";

type Options = InstancesOptions;

const texts = z.array(z.string());
const requestSchema = schemaOf<Request>()(
  z.object({
    // A workflow may write anything here: what makes no owner is no request.
    runId: z.string().check(z.regex(runIds)),
    attempt: z.int().check(z.minimum(1)),
    provisionId: z.string().check(z.regex(provisionIds)),
    repository: z.string(),
    count: z.number(),
    resourceClass: z.string(),
    minimum: z.object({ cpu: z.number(), mmem: z.number() }),
    architecture: z.enum(architectures),
    usageClass: z.enum(["spot", "on-demand"]),
    allowedTypes: texts,
    labels: texts,
    fallback: z.boolean(),
    minCount: z.exactOptional(z.number()),
    timeoutMs: z.exactOptional(z.number()),
    maxRuntimeMs: z.exactOptional(z.number()),
    label: z.exactOptional(z.string()),
  }),
);

const outcomeSchema = schemaOf<Outcome>()(
  z.object({
    attempt: z.number(),
    provisionId: z.string(),
    repository: z.string(),
    resourceClass: z.string(),
    usageClass: z.string(),
    at: z.number(),
    readyMs: z.number(),
    created: z.number(),
    reused: z.number(),
    claimsLost: z.number(),
    usdPerHour: z.exactOptional(z.number()),
  }),
);

/**
 * Beginnings of an item's attributes: one a provision, one an attempt of it that came to something, one a release; and of a provision
 * under way its id and the moment at which it began.
 */
const names = { request: "provision:", outcome: "outcome:", ended: "ended:", id: "id:", begun: "begun:" } as const;

const underWay = (owner: Owner) => ({
  "#id": `${names.id}${formatOwner(owner)}`,
  "#begun": `${names.begun}${formatOwner(owner)}`,
});

/** A run's lies with its requests, so that what came of it ends it in the same write. */
const beginningKey = (owner: Owner): string => requestKey(owner.kind === "run" ? owner.runId : formatOwner(owner));

/** Undefined where another version wrote what this one does not understand. */
function decode<Stored>(schema: z.core.$ZodType<Stored>, text: string | undefined): Stored | undefined {
  try {
    const parsed = z.safeParse(schema, JSON.parse(text ?? ""));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const under = (item: Item, beginning: string): readonly (readonly [rest: string, value: AttributeValue])[] =>
  Object.entries(item).flatMap(([name, value]) =>
    name.startsWith(beginning) ? [[name.slice(beginning.length), value]] : [],
  );

const outcomesIn = (item: Item): RunOutcomes => ({
  runId: (item[table.key]?.S ?? "").slice(requestKey("").length),
  outcomes: under(item, names.outcome).flatMap(([, { S }]) => decode(outcomeSchema, S) ?? []),
  endings: under(item, names.ended).map(([rest, { N }]) => ({ attempt: Number(rest.split(":")[0]), at: Number(N) })),
});

/** What puts the item into the pool index, where `unreported` finds it. */
const lately = {
  expression: "#pool = :pool, #at = :at",
  names: { "#pool": poolAttribute, "#at": table.indexes.byPool.range },
  values: (at: number): Item => ({ ":pool": { S: outcomePool }, ":at": { N: String(at) } }),
};

const outcomeName = ({ attempt, provisionId }: Outcome): string => `${names.outcome}${attempt}:${provisionId}`;

/** Epoch seconds, as TTL takes them. */
const expiryAfter = (at: number): AttributeValue => ({ N: String(Math.ceil((at + limits.requestKeptMs) / 1000)) });

/** One UpdateItem. Where its condition does not hold, it gives the item as it is. Rejects as `raise` does. */
async function update(
  { client, table: TableName }: Options,
  key: string,
  input: Omit<UpdateItemCommandInput, "TableName" | "Key">,
): Promise<Item | undefined> {
  try {
    await client.send(new UpdateItemCommand({ TableName, Key: { [table.key]: { S: key } }, ...input }));
    return undefined;
  } catch (error) {
    const { name, Item = {} } = asSdkError(error) as Error & { readonly Item?: Item };
    return name === "ConditionalCheckFailedException" ? Item : raise(`UpdateItem on table ${TableName}`, error);
  }
}

async function save(options: Options, request: Request, at: number, outcome?: Outcome) {
  const attribute = outcome === undefined ? undefined : outcomeName(outcome);
  await update(options, requestKey(request.runId), {
    UpdateExpression: `SET #request = :request, #expires = :expires${attribute === undefined ? "" : `, #outcome = :outcome, ${lately.expression} REMOVE #id, #begun`}`,
    ExpressionAttributeNames: {
      "#request": `${names.request}${request.provisionId}`,
      "#expires": table.ttl,
      ...(attribute === undefined ? {} : { "#outcome": attribute, ...lately.names, ...underWay(ownerOf(request)) }),
    },
    ExpressionAttributeValues: {
      ":request": { S: JSON.stringify(request) },
      ":expires": expiryAfter(at),
      ...(attribute === undefined ? {} : { ":outcome": { S: JSON.stringify(outcome) }, ...lately.values(at) }),
    },
  });
}

type Begun = Parameters<Beginnings["begin"]>[1];

/**
 * One conditional write: a provision that finds another under way learns its id from the same response. A moment from a future that no
 * clock explains counts for nothing: a workflow may write anything here.
 */
async function begin(options: Options, owner: Owner, { id, at, since }: Begun) {
  const standing = await update(options, beginningKey(owner), {
    UpdateExpression: "SET #id = :id, #begun = :at, #expires = :expires",
    ConditionExpression: "attribute_not_exists(#begun) OR NOT #begun BETWEEN :since AND :ahead OR #id = :id",
    ExpressionAttributeNames: { ...underWay(owner), "#expires": table.ttl },
    ExpressionAttributeValues: {
      ":id": { S: id },
      ":at": { N: String(at) },
      ":since": { N: String(since) },
      ":ahead": { N: String(at + limits.aheadMs) },
      ":expires": expiryAfter(at),
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  return standing?.[underWay(owner)["#id"]]?.S ?? id;
}

async function finish(options: Options, owner: Owner) {
  await update(options, beginningKey(owner), {
    UpdateExpression: "REMOVE #id, #begun",
    ConditionExpression: "attribute_exists(#id)",
    ExpressionAttributeNames: underWay(owner),
  });
}

/** Sets one more attribute of a run's existing item. Without an item the run requested nothing, and a new one would never expire. */
async function add(
  options: Options,
  runId: string,
  name: string,
  value: AttributeValue,
  at: number,
  finished?: Outcome,
) {
  await update(options, requestKey(runId), {
    UpdateExpression: `SET #name = :value, ${lately.expression}${finished === undefined ? "" : " REMOVE #id, #begun"}`,
    ConditionExpression: "attribute_exists(#key)",
    ExpressionAttributeNames: {
      "#name": name,
      "#key": table.key,
      ...lately.names,
      ...(finished === undefined ? {} : underWay(ownerOf({ runId, ...finished }))),
    },
    ExpressionAttributeValues: { ":value": value, ...lately.values(at) },
  });
}

async function get({ client, table: TableName }: Options, key: string): Promise<Item> {
  const command = new GetItemCommand({ TableName, Key: { [table.key]: { S: key } }, ConsistentRead: true });
  const reply = await client.send(command).catch((error: unknown) => raise(`GetItem on table ${TableName}`, error));
  return reply.Item ?? {};
}

/** The runs of which anything was kept since, newest first. */
async function since(options: Options, from: number, most = Number.POSITIVE_INFINITY): Promise<readonly RunOutcomes[]> {
  const { byPool } = table.indexes;
  const keys: string[] = [];
  try {
    const pages = paginateQuery(
      { client: options.client },
      {
        TableName: options.table,
        IndexName: byPool.name,
        KeyConditionExpression: "#pool = :pool AND #at > :at",
        ScanIndexForward: false,
        ProjectionExpression: "#key",
        ExpressionAttributeNames: { ...lately.names, "#key": table.key },
        ExpressionAttributeValues: lately.values(from),
      },
    );
    for await (const { Items = [] } of pages) {
      keys.push(...Items.map((item) => item[table.key]?.S ?? ""));
      if (keys.length >= most) break;
    }
  } catch (error) {
    return raise(`Query on index ${byPool.name} of table ${options.table}`, error);
  }
  const items: Item[] = [];
  for (const batch of batchesOf(keys.slice(0, most), maxima.readBatch)) items.push(...(await batchGet(options, batch)));
  return items.map(outcomesIn);
}

async function unreported(options: Options): Promise<{ from: number; runs: readonly RunOutcomes[] }> {
  const from = Number((await get(options, reportedKey))["until"]?.N ?? 0);
  return { from, runs: await since(options, from) };
}

export const beginnings = (options: Options): Beginnings => ({
  begin: (owner, begun) => begin(options, owner, begun),
  finish: (owner) => finish(options, owner),
});

export const savedRequests = (options: Options): SavedRequests => ({
  save: (request, at, outcome) => save(options, request, at, outcome),
  ofRun: async (runId) =>
    under(await get(options, requestKey(runId)), names.request).flatMap(([, { S }]) => decode(requestSchema, S) ?? []),
  recordOutcome: (runId, outcome) =>
    add(options, runId, outcomeName(outcome), { S: JSON.stringify(outcome) }, outcome.at, outcome),
  end: (runId, { attempt, at }) => add(options, runId, `${names.ended}${attempt}:${at}`, { N: String(at) }, at),
  unreported: () => unreported(options),
  repositories: async (from) => repositoriesOf(await since(options, from, maxima.runsRead)),
  markReported: async (until) => {
    const Item = { [table.key]: { S: reportedKey }, until: { N: String(until) } };
    const command = new PutItemCommand({ TableName: options.table, Item });
    await options.client.send(command).catch((error: unknown) => raise(`PutItem on table ${options.table}`, error));
  },
});
