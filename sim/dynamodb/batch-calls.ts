// BatchGetItem and BatchWriteItem.
import { invalid, isRecord, itemSize, malformed, type Item } from "./attribute-value.ts";
import { addUnits, consumedByAll, readUnits, type Units } from "./capacity.ts";
import { demandRecord, flagOf, listOf, tableName, tableOf, type Action, type Ground, type Input } from "./ground.ts";
import { keyText, readKey } from "./keys.ts";
import { commit, planDelete, planPut, type WritePlan } from "./plan-write.ts";
import { projector } from "./read-calls.ts";
import { readExpressions } from "./scope.ts";
import type { Table } from "./table.ts";

const getMost = 100;
const writeMost = 25;
const replyMostBytes = 16 * 1024 * 1024;

function demandDistinctKeys(keys: readonly Item[], message: string): void {
  if (new Set(keys.map(keyText)).size < keys.length) throw invalid(message);
}

const spend = (spent: Map<Table, Units>, table: Table, units: Units): void => {
  const before = spent.get(table) ?? { table: 0, indexes: {} };
  spent.set(table, addUnits(before, units));
};

/** Draws which entries a batch hands back unprocessed; the first is always done, as a batch with nothing done throws instead. */
function drawUnprocessed(ground: Ground, action: string): (entry: number) => boolean {
  const { unprocessed = 0 } = ground.faults.rates("dynamodb", action);
  return (entry) => entry > 0 && unprocessed > 0 && ground.chance.happens(unprocessed);
}

export const batchGetItem: Action = (ground, input) => {
  const wishes = Object.entries(demandRecord(input, "RequestItems")).map(([name, wish]) => {
    if (!isRecord(wish)) throw malformed("Start of structure or map expected");
    const table = tableOf(ground, tableName({ TableName: name }));
    const keys = (listOf(wish, "Keys") ?? []).map((key) => readKey(key, table.spec));
    if (keys.length === 0) {
      throw invalid(
        `1 validation error detected: Value '[]' at 'requestItems.${name}.member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1`,
      );
    }
    demandDistinctKeys(keys, "Provided list of item keys contains duplicates");
    const shape = projector(readExpressions(wish, ["ProjectionExpression"]));
    return { name, wish, table, keys, shape, consistent: flagOf(wish, "ConsistentRead") ?? false };
  });
  const asked = wishes.reduce((total, { keys }) => total + keys.length, 0);
  if (asked > getMost) throw invalid("Too many items requested for the BatchGetItem call");
  if (asked === 0) throw emptyBatch();
  const skip = drawUnprocessed(ground, "BatchGetItem");
  const spent = new Map<Table, Units>();
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, unknown> = {};
  let [bytes, entry] = [0, 0];
  for (const { name, wish, table, keys, shape, consistent } of wishes) {
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
      spend(spent, table, { table: readUnits(size, consistent), indexes: {} });
    }
    if (left.length > 0) unprocessed[name] = { ...wish, Keys: left };
  }
  return { Responses: responses, UnprocessedKeys: unprocessed, ...consumedByAll(input, spent) };
};

const emptyBatch = (): Error =>
  invalid(
    "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
  );

function planEntry(ground: Ground, name: string, entry: unknown): WritePlan {
  const both = isRecord(entry) ? entry : {};
  const put = both["PutRequest"];
  const gone = both["DeleteRequest"];
  if (isRecord(put) && !gone) return planPut(ground, { TableName: name, Item: put["Item"] });
  if (isRecord(gone) && !put) return planDelete(ground, { TableName: name, Key: gone["Key"] });
  throw invalid(
    put && gone
      ? "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
      : "Supplied WriteRequest is empty, must contain exactly one of PutRequest or DeleteRequest",
  );
}

function readWrites(ground: Ground, input: Input): { name: string; entry: unknown; plan: WritePlan }[] {
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
    plan: planEntry(ground, tableName({ TableName: name }), entry),
  }));
  for (const [name] of tables) {
    const keys = planned.filter((one) => one.name === name).map(({ plan }) => plan.key);
    demandDistinctKeys(keys, "Provided list of item keys contains duplicates");
  }
  return planned;
}

export const batchWriteItem: Action = (ground, input) => {
  const writes = readWrites(ground, input);
  const skip = drawUnprocessed(ground, "BatchWriteItem");
  const spent = new Map<Table, Units>();
  const unprocessed: Record<string, unknown[]> = {};
  for (const [n, { name, entry, plan }] of writes.entries()) {
    if (skip(n)) {
      (unprocessed[name] ??= []).push(entry);
      continue;
    }
    const old = plan.table.get(plan.key);
    spend(spent, plan.table, commit(plan, old, plan.next(old)));
  }
  return { UnprocessedItems: unprocessed, ...consumedByAll(input, spent) };
};
