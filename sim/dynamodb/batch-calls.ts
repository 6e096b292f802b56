// BatchGetItem and BatchWriteItem.
import { invalid, isRecord, itemSize, malformed, type Item } from "./attribute-value.ts";
import { demandRecord, listOf, tableName, tableOf, type Action, type Context, type Input } from "./context.ts";
import { keyText, readKey } from "./keys.ts";
import { commit, planDelete, planPut, type WritePlan } from "./plan-write.ts";
import { projector } from "./read-calls.ts";
import { readExpressions } from "./scope.ts";

const getMost = 100;
const writeMost = 25;
const replyMostBytes = 16 * 1024 * 1024;

function demandDistinctKeys(keys: readonly Item[], message: string): void {
  if (new Set(keys.map(keyText)).size < keys.length) throw invalid(message);
}

/** Draws which entries a batch hands back unprocessed; the first is always done, as a batch with nothing done throws instead. */
function drawUnprocessed(context: Context, action: string): (entry: number) => boolean {
  const { unprocessed = 0 } = context.faults.rates("dynamodb", action);
  return (entry) => entry > 0 && unprocessed > 0 && context.chance.happens(unprocessed);
}

export const batchGetItem: Action = (context, input) => {
  const requests = Object.entries(demandRecord(input, "RequestItems")).map(([name, request]) => {
    if (!isRecord(request)) throw malformed("Start of structure or map expected");
    const table = tableOf(context, tableName({ TableName: name }));
    const keys = (listOf(request, "Keys") ?? []).map((key) => readKey(key, table.spec));
    if (keys.length === 0) {
      throw invalid(
        `1 validation error detected: Value '[]' at 'requestItems.${name}.member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1`,
      );
    }
    demandDistinctKeys(keys, "Provided list of item keys contains duplicates");
    const shape = projector(readExpressions(request, ["ProjectionExpression"]));
    return { name, request, table, keys, shape };
  });
  const asked = requests.reduce((total, { keys }) => total + keys.length, 0);
  if (asked > getMost) throw invalid("Too many items requested for the BatchGetItem call");
  if (asked === 0) throw emptyBatch();
  const skip = drawUnprocessed(context, "BatchGetItem");
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, unknown> = {};
  let [bytes, entry] = [0, 0];
  for (const { name, request, table, keys, shape } of requests) {
    const found: Item[] = (responses[name] = []);
    const left: Item[] = [];
    for (const key of keys) {
      const item = table.get(key);
      const size = item ? itemSize(item) : 0;
      if (skip(entry++) || bytes + size > replyMostBytes) {
        left.push(key);
        continue;
      }
      bytes += size;
      if (item) found.push(shape(item));
    }
    if (left.length > 0) unprocessed[name] = { ...request, Keys: left };
  }
  return { Responses: responses, UnprocessedKeys: unprocessed };
};

const emptyBatch = (): Error =>
  invalid(
    "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
  );

function planEntry(context: Context, name: string, entry: unknown): WritePlan {
  const both = isRecord(entry) ? entry : {};
  const put = both["PutRequest"];
  const gone = both["DeleteRequest"];
  if (isRecord(put) && !gone) return planPut(context, { TableName: name, Item: put["Item"] });
  if (isRecord(gone) && !put) return planDelete(context, { TableName: name, Key: gone["Key"] });
  throw invalid(
    put && gone
      ? "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
      : "Supplied WriteRequest is empty, must contain exactly one of PutRequest or DeleteRequest",
  );
}

function readWrites(context: Context, input: Input): { name: string; entry: unknown; plan: WritePlan }[] {
  const tables = Object.entries(demandRecord(input, "RequestItems"));
  const writes = tables.flatMap(([name, entries]) => {
    if (!Array.isArray(entries)) throw malformed("Start of list expected");
    return entries.map((entry: unknown) => ({ name, entry }));
  });
  if (writes.length === 0) throw emptyBatch();
  if (writes.length > writeMost) throw invalid("Too many items requested for the BatchWriteItem call");
  const planned = writes.map(({ name, entry }) => ({
    name,
    entry,
    plan: planEntry(context, tableName({ TableName: name }), entry),
  }));
  for (const [name] of tables) {
    const keys = planned.filter((one) => one.name === name).map(({ plan }) => plan.key);
    demandDistinctKeys(keys, "Provided list of item keys contains duplicates");
  }
  return planned;
}

export const batchWriteItem: Action = (context, input) => {
  const writes = readWrites(context, input);
  const skip = drawUnprocessed(context, "BatchWriteItem");
  const unprocessed: Record<string, unknown[]> = {};
  for (const [n, { name, entry, plan }] of writes.entries()) {
    if (skip(n)) {
      (unprocessed[name] ??= []).push(entry);
      continue;
    }
    commit(plan, plan.next(plan.table.get(plan.key)));
  }
  return { UnprocessedItems: unprocessed };
};
