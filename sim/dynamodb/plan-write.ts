// One write, read from a call and judged against the item it meets; single writes, batches and transactions share it.
import { AwsFault } from "../http/service.ts";
import { applyUpdate, checkUpdate, pathsOf } from "./apply-update.ts";
import { invalid, itemSize, readItem, type Item } from "./attribute-value.ts";
import { checkCondition, satisfies } from "./evaluate-condition.ts";
import { choiceOf, demandRecord, demandText, tableName, tableOf, type Context, type Input } from "./context.ts";
import { demandItemKeys, demandUpdatedIndexKeys, namesOf, readKey } from "./keys.ts";
import type { Condition } from "./parse-condition.ts";
import { readExpressions, type ExpressionName, type Expressions } from "./scope.ts";
import { keyOf } from "./index-rows.ts";
import { type Table } from "./table.ts";

export interface WritePlan {
  readonly table: Table;
  readonly key: Item;
  /** What the item becomes; undefined deletes it. */
  next(old: Item | undefined): Item | undefined;
  readonly expressions: Expressions;
  /** A failed condition hands back the item it met. */
  readonly showOld: boolean;
  /** False for a transaction's ConditionCheck. */
  readonly writes: boolean;
}

const itemMostBytes = 400 * 1024;

/** Checks a condition before any item is looked at, naming the parameter it came in. */
export function checkNamed(condition: Condition | undefined, parameter: ExpressionName, scope: Expressions): void {
  if (!condition) return;
  try {
    checkCondition(condition, scope);
  } catch (fault) {
    if (fault instanceof AwsFault) throw invalid(`Invalid ${parameter}: ${fault.message}`);
    throw fault;
  }
}

function open(context: Context, input: Input, names: readonly ExpressionName[]) {
  const table = tableOf(context, tableName(input));
  const expressions = readExpressions(input, names);
  checkNamed(expressions.condition, "ConditionExpression", expressions);
  const showOld = choiceOf(input, "ReturnValuesOnConditionCheckFailure", ["ALL_OLD", "NONE"]) === "ALL_OLD";
  return { table, expressions, showOld, writes: true };
}

export function planPut(context: Context, input: Input): WritePlan {
  const base = open(context, input, ["ConditionExpression"]);
  const item = readItem(demandRecord(input, "Item"));
  demandItemKeys(item, base.table.spec);
  if (itemSize(item) > itemMostBytes) throw invalid("Item size has exceeded the maximum allowed size");
  return { ...base, key: keyOf(item, base.table.spec.keys), next: () => item };
}

export function planDelete(context: Context, input: Input): WritePlan {
  const base = open(context, input, ["ConditionExpression"]);
  return { ...base, key: readKey(demandRecord(input, "Key"), base.table.spec), next: () => undefined };
}

export function planUpdate(context: Context, input: Input): WritePlan {
  const base = open(context, input, ["UpdateExpression", "ConditionExpression"]);
  const { table, expressions } = base;
  const key = readKey(demandRecord(input, "Key"), table.spec);
  const { update } = expressions;
  if (!update) return { ...base, key, next: (old) => old ?? key };
  checkUpdate(update, expressions);
  const touched = pathsOf(update, expressions);
  const fixed = namesOf(table.spec.keys).find((name) => touched.some((path) => path[0] === name));
  if (fixed !== undefined) {
    throw invalid(
      `One or more parameter values were invalid: Cannot update attribute ${fixed}. This attribute is part of the key`,
    );
  }
  const next = (old: Item | undefined): Item => {
    const item = applyUpdate(update, old ?? key, expressions);
    demandUpdatedIndexKeys(item, table.spec);
    if (itemSize(item) > itemMostBytes) throw invalid("Item size to update has exceeded the maximum allowed size");
    return item;
  };
  return { ...base, key, next };
}

/** A transaction's ConditionCheck. */
export function planCheck(context: Context, input: Input): WritePlan {
  demandText(input, "ConditionExpression");
  const base = open(context, input, ["ConditionExpression"]);
  const key = readKey(demandRecord(input, "Key"), base.table.spec);
  return { ...base, key, next: (old) => old, writes: false };
}

/** Whether the plan's condition holds for the item it meets. */
export const admits = (plan: WritePlan, old: Item | undefined): boolean =>
  !plan.expressions.condition || satisfies(plan.expressions.condition, old ?? {}, plan.expressions);

/** Commits a judged write. */
export const commit = ({ table, key }: WritePlan, next: Item | undefined): void => table.write(key, next);
