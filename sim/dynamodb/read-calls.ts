// GetItem, Query, Scan.
import { invalid, type Item } from "./attribute-value.ts";
import { satisfies } from "./evaluate-condition.ts";
import {
  demandRecord,
  flagOf,
  indexOf,
  integerOf,
  recordOf,
  tableName,
  tableOf,
  textOf,
  type Action,
  type Context,
  type Input,
} from "./context.ts";
import { namesOf, readKey } from "./keys.ts";
import { readKeyCondition } from "./key-condition.ts";
import { checkNamed } from "./plan-write.ts";
import { project } from "./project.ts";
import { continuation, readPage, readStart, type Page, type PageOptions } from "./read-page.ts";
import { comparePartitions, firstWhere, partitionOf, type Position, type Row } from "./rows.ts";
import { demandDistinct, readExpressions, resolvePath, rootOf, type Expressions } from "./scope.ts";
import type { IndexSpec } from "./index-rows.ts";
import { stalenessMostMs, type Table } from "./table.ts";
import type { Condition, Operand } from "./parse-condition.ts";

/** The projection of a read, as a function. */
export function projector(expressions: Expressions): (item: Item) => Item {
  const paths = expressions.projection?.map((path) => resolvePath(path, expressions));
  if (!paths) return (item) => item;
  demandDistinct(paths, "ProjectionExpression");
  return (item) => project(item, paths);
}

export const getItem: Action = (context, input) => {
  const table = tableOf(context, tableName(input));
  const shape = projector(readExpressions(input, ["ProjectionExpression"]));
  const item = table.get(readKey(demandRecord(input, "Key"), table.spec));
  return { ...(item && { Item: shape(item) }) };
};

/** What Query and Scan share: where they read, and how they answer. */
interface Reading {
  readonly table: Table;
  readonly index: IndexSpec | undefined;
  readonly rows: readonly Row[];
  readonly expressions: Expressions;
  readonly shape: (item: Item) => Item;
  readonly start: Position | undefined;
  readonly limit: number;
}

function demandProjected(index: IndexSpec, table: Table, expressions: Expressions): void {
  if (index.projection === "ALL") return;
  const held = new Set([...namesOf(table.spec.keys), ...namesOf(index.keys), ...index.include]);
  const absent = (expressions.projection ?? []).map((path) => rootOf(path, expressions)).filter((n) => !held.has(n));
  if (absent.length === 0) return;
  throw invalid(
    `One or more parameter values were invalid: Global secondary index ${index.name} does not project [${absent.join(", ")}]`,
  );
}

function rowsFor(context: Context, action: string, table: Table, index: IndexSpec | undefined): readonly Row[] {
  if (!index) return table.rows();
  const { staleIndex = 0 } = context.faults.rates("dynamodb", action);
  if (staleIndex === 0 || !context.chance.happens(staleIndex)) return table.rows(index);
  return table.rowsAsOf(index, context.clock.now() - context.chance.between(1, stalenessMostMs));
}

function open(context: Context, input: Input, action: "Query" | "Scan"): Reading {
  const other = ["Select", "Segment", "TotalSegments"].find((name) => input[name] !== undefined);
  if (other !== undefined) throw invalid(`The embedded DynamoDB reads without ${other}.`);
  const table = tableOf(context, tableName(input));
  const indexName = textOf(input, "IndexName");
  const index = indexName === undefined ? undefined : indexOf(table, indexName);
  if (flagOf(input, "ConsistentRead") === true && index) {
    throw invalid("Consistent reads are not supported on global secondary indexes");
  }
  const grammar = ["FilterExpression", "ProjectionExpression"] as const;
  const expressions = readExpressions(input, action === "Query" ? ["KeyConditionExpression", ...grammar] : grammar);
  checkNamed(expressions.filter, "FilterExpression", expressions);
  if (index) demandProjected(index, table, expressions);
  const start = recordOf(input, "ExclusiveStartKey");
  return {
    table,
    index,
    rows: rowsFor(context, action, table, index),
    expressions,
    shape: projector(expressions),
    start: start && readStart(start, table, index),
    limit: integerOf(input, "Limit", 1) ?? Infinity,
  };
}

function answer(reading: Reading, page: Page): Record<string, unknown> {
  const { table, index } = reading;
  return {
    Items: page.items.map(reading.shape),
    Count: page.items.length,
    ScannedCount: page.scanned,
    ...(page.last && { LastEvaluatedKey: continuation(page.last, table, index) }),
  };
}

const pageOptions = (reading: Reading, part: Pick<PageOptions, "low" | "high" | "forward">): PageOptions => ({
  rows: reading.rows,
  ...part,
  limit: reading.limit,
  ...(reading.start && { after: reading.start }),
  passes: (item) => !reading.expressions.filter || satisfies(reading.expressions.filter, item, reading.expressions),
});

/** The attribute names a filter looks at. */
function rootsIn(condition: Condition, expressions: Expressions): string[] {
  const of = (operand: Operand): string[] => (operand.kind === "path" ? [rootOf(operand.path, expressions)] : []);
  switch (condition.kind) {
    case "and":
    case "or":
      return [...rootsIn(condition.left, expressions), ...rootsIn(condition.right, expressions)];
    case "not":
      return rootsIn(condition.inner, expressions);
    case "compare":
      return [...of(condition.left), ...of(condition.right)];
    case "between":
      return [condition.operand, condition.low, condition.high].flatMap(of);
    case "call":
      return condition.args.flatMap(of);
  }
}

export const query: Action = (context, input) => {
  const reading = open(context, input, "Query");
  const { expressions, rows, table } = reading;
  const keys = reading.index?.keys ?? table.spec.keys;
  if (!expressions.key) {
    throw invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  }
  checkNamed(expressions.key, "KeyConditionExpression", expressions);
  const wanted = readKeyCondition(expressions.key, expressions, keys, table.spec.types);
  const filtered = expressions.filter ? rootsIn(expressions.filter, expressions) : [];
  const keyName = filtered.find((name) => namesOf(keys).includes(name));
  if (keyName !== undefined) {
    throw invalid(`Filter Expression can only contain non-primary key attributes: Primary key attribute: ${keyName}`);
  }
  const partition = partitionOf(wanted.hash);
  if (reading.start && comparePartitions(reading.start, partition) !== 0) {
    throw invalid("The provided starting key is outside query boundaries based on provided conditions");
  }
  const { range } = wanted;
  const side = (row: Row): number =>
    comparePartitions(row.at, partition) || (range && row.at.range ? range(row.at.range) : 0);
  const low = firstWhere(rows, (row) => side(row) >= 0);
  const high = firstWhere(rows, (row) => side(row) > 0);
  const forward = flagOf(input, "ScanIndexForward") ?? true;
  return answer(reading, readPage(pageOptions(reading, { low, high, forward })));
};

export const scan: Action = (context, input) => {
  const reading = open(context, input, "Scan");
  return answer(reading, readPage(pageOptions(reading, { low: 0, high: reading.rows.length, forward: true })));
};
