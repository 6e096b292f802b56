// The records in DynamoDB: every move one conditional write, every read fully paginated.
import {
  BatchGetItemCommand,
  paginateQuery,
  paginateScan,
  type DynamoDBClient,
  type KeysAndAttributes,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { batchesOf } from "../../domain/batches.ts";
import { refusalOf, type Decision, type Move, type Moves } from "../../domain/instance.ts";
import { maxima } from "../../domain/limits.ts";
import { decodeListing, decodeRecord, isDamaged, type Damaged, type InstanceRecord } from "../../domain/record.ts";
import { poolKey } from "../../domain/class-keys.ts";
import { isInstanceKey, poolAttribute, table, type PoolListing, type OwnerListing } from "../../domain/table.ts";
import type { Clock } from "../ports/clock.ts";
import { OutOfReach, type Unknown } from "../ports/outcomes.ts";
import type { Found, InstanceRef, Instances } from "../ports/store.ts";
import { allPages } from "./all-pages.ts";
import { fromItem, type Item } from "./attribute-values.ts";
import { conditionalUpdate } from "./conditional-update.ts";
import { compileMove, updateItem } from "./expression.ts";
import { mayFit } from "./may-fit.ts";
import { moveAll, unreadable } from "./move-all.ts";
import { AwsRefused, raise } from "./sdk-errors.ts";

export interface InstancesOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Pick<Clock, "sleep">;
}

/** How often the rest of a partial batch read is requested, with doubling pauses: 3 s in all. */
const batchTries = 7;
const batchPauseMs = 50;

const sorted = <T extends object>(found: readonly (T | Damaged)[]): Found<T> => ({
  items: found.filter((one): one is T => !isDamaged(one)),
  damaged: found.filter((one): one is Damaged => isDamaged(one)),
});

/**
 * DynamoDB takes no update of an item that cannot hold its result: an instance has written into its own what has no successor, another
 * type, or all the room. Nobody else's item is any harder to write, so that is a refusal like any other. A new item holds nothing yet; and what
 * DynamoDB says of the expressions themselves is a mistake of ours.
 */
function spoiltOf(move: Move, error: unknown): Extract<Decision, { kind: "refused" }> {
  if (move === "create" || !(error instanceof AwsRefused) || error.code !== "ValidationException") throw error;
  if (/ValidationException: (?:Invalid |ExpressionAttribute|Value provided)/.test(error.message)) throw error;
  return { kind: "refused", why: "spoilt", record: undefined };
}

async function move<M extends Move>(
  { client, table }: InstancesOptions,
  name: M,
  ref: InstanceRef,
  params: Moves[M],
): Promise<Decision | Unknown> {
  const update = conditionalUpdate(client, updateItem(table, ref.key, compileMove(name, ref, params)));
  const updated = await update.catch((error: unknown) => spoiltOf(name, error));
  if ("why" in updated || updated.kind === "unknown") return updated;
  const record = updated.item === undefined ? undefined : decodeRecord(updated.item);
  if (record !== undefined && isDamaged(record)) return unreadable(record);
  if (updated.kind === "refused") return refusalOf(name, params, record);
  return { kind: "done", record: record as InstanceRecord, already: false };
}

/** Up to a hundred items, consistently, in no order; those that do not exist are left out. */
export async function batchGet(options: InstancesOptions, keys: readonly string[]): Promise<readonly Item[]> {
  const { client, table: tableName, clock } = options;
  const what = `BatchGetItem on table ${tableName}`;
  const items: Item[] = [];
  let asked: KeysAndAttributes = { Keys: keys.map((key) => ({ [table.key]: { S: key } })), ConsistentRead: true };
  for (let tries = 0; tries < batchTries; tries++) {
    if (tries > 0) await clock.sleep(batchPauseMs * 2 ** (tries - 1));
    const command = new BatchGetItemCommand({ RequestItems: { [tableName]: asked } });
    const reply = await client.send(command).catch((error: unknown) => raise(what, error));
    items.push(...(reply.Responses?.[tableName] ?? []));
    const left = reply.UnprocessedKeys?.[tableName];
    if (left?.Keys === undefined || left.Keys.length === 0) return items;
    asked = { ...left, ConsistentRead: true };
  }
  throw new OutOfReach(`${what}: ${asked.Keys?.length ?? 0} keys stayed unprocessed after ${batchTries} tries`);
}

async function read(options: InstancesOptions, keys: readonly string[]): Promise<Found<InstanceRecord>> {
  const distinct = [...new Set(keys)];
  const items = await Promise.all(batchesOf(distinct, maxima.readBatch).map((batch) => batchGet(options, batch)));
  return sorted(items.flat().map((item) => decodeRecord(fromItem(item))));
}

const query = ({ client, table }: InstancesOptions, input: Omit<QueryCommandInput, "TableName">) =>
  allPages(
    `Query on index ${input.IndexName} of table ${table}`,
    paginateQuery({ client }, { ...input, TableName: table }),
    ({ Items = [] }) => Items,
  );

async function all({ client, table: TableName }: InstancesOptions): Promise<Found<InstanceRecord>> {
  const pages = paginateScan({ client }, { TableName, ConsistentRead: true });
  const found = await allPages(`Scan on table ${TableName}`, pages, ({ Items = [] }) =>
    Items.flatMap((item) => (isInstanceKey(item[table.key]?.S ?? "") ? [decodeRecord(fromItem(item))] : [])),
  );
  return sorted(found);
}

const { byOwner, byPool } = table.indexes;
const ownerNames: readonly (keyof OwnerListing)[] = ["key", ...byOwner.projects];
const poolNames: readonly (keyof PoolListing)[] = ["key", "threshold", ...byPool.projects];

/** Moves give Unknown, and reads reject with OutOfReach, after the SDK's retries; either throws AwsRefused for a missing right. */
export const instances = (options: InstancesOptions): Instances => ({
  move: (name, ref, params) => move(options, name, ref, params),
  moveAll: (name, moves) =>
    moveAll(options.client, options.table, name, moves, ({ ref, params }) => move(options, name, ref, params)),
  read: (keys) => read(options, keys),
  ofGroup: async (group) => {
    const items = await query(options, {
      IndexName: byOwner.name,
      KeyConditionExpression: "#hash = :hash",
      ExpressionAttributeNames: { "#hash": byOwner.hash },
      ExpressionAttributeValues: { ":hash": { S: group } },
    });
    return sorted(items.map((item) => decodeListing(fromItem(item), ownerNames)));
  },
  idle: async (pool, after, fitting) => {
    const filter = fitting === undefined ? undefined : mayFit(fitting);
    const items = await query(options, {
      IndexName: byPool.name,
      KeyConditionExpression: "#hash = :hash AND #range > :after",
      ...(filter === undefined ? {} : { FilterExpression: filter.text }),
      ExpressionAttributeNames: { "#hash": poolAttribute, "#range": byPool.range, ...filter?.names },
      ExpressionAttributeValues: {
        ":hash": { S: poolKey(pool, "idle") },
        ":after": { N: String(after) },
        ...filter?.values,
      },
    });
    return sorted(items.map((item) => decodeListing(fromItem(item), poolNames)));
  },
  all: () => all(options),
});
