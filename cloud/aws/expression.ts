// Compiles conditions and changes of the domain to DynamoDB's expressions: each move or agent's write is one UpdateItem.
import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import type { AgentWrite } from "../../domain/agent-writes.ts";
import { and, type Condition, type Operand } from "../../domain/condition.ts";
import { changeOf, conditionOf, type Change, type Move, type Moves } from "../../domain/instance.ts";
import { groupOf, parseOwner } from "../../domain/owner.ts";
import type { State } from "../../domain/record.ts";
import { poolKey, type PoolName } from "../../domain/class-keys.ts";
import { groupAttribute, poolAttribute, table } from "../../domain/table.ts";
import { toAttribute, type Item } from "./attribute-values.ts";

interface Placed {
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Item;
}

/** Collects placeholders for names (many good names are reserved words) and values. */
function placeholders(): { name(dotted: string): string; value(value: unknown): string; placed(): Placed } {
  const names: Record<string, string> = {};
  const values: Item = {};
  const known = new Map<unknown, string>();
  return {
    name: (dotted) =>
      dotted
        .split(".")
        .map((part) => {
          names[`#${part}`] = part;
          return `#${part}`;
        })
        .join("."),
    value: (value) => {
      const before = known.get(value);
      if (before !== undefined) return before;
      const placeholder = `:v${known.size}`;
      known.set(value, placeholder);
      values[placeholder] = toAttribute(value);
      return placeholder;
    },
    placed: () => ({ ExpressionAttributeNames: names, ExpressionAttributeValues: values }),
  };
}
type Placeholders = ReturnType<typeof placeholders>;

function conditionText(condition: Condition, place: Placeholders): string {
  const operand = (side: Operand): string => ("path" in side ? place.name(side.path) : place.value(side.value));
  switch (condition.op) {
    case "not":
      // An `and` brings its own parentheses; DynamoDB refuses a second pair.
      return `NOT ${conditionText(condition.of, place)}`;
    case "exists":
      return `attribute_exists(${place.name(condition.path)})`;
    case "absent":
      return `attribute_not_exists(${place.name(condition.path)})`;
    case "and":
    case "or": {
      const parts = condition.of.map((part) => conditionText(part, place));
      if (parts.length === 0) throw new Error(`an empty "${condition.op}" cannot be compiled`);
      return parts.length === 1 ? (parts[0] as string) : `(${parts.join(` ${condition.op.toUpperCase()} `)})`;
    }
    default:
      return `${operand(condition.left)} ${condition.op} ${operand(condition.right)}`;
  }
}

function updateText(change: Change, place: Placeholders): string {
  const clauses: string[] = [];
  const sets = Object.entries(change.set)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${place.name(name)} = ${place.value(value)}`);
  if (change.keepLastOwner)
    sets.push(`${place.name("lastOwner")} = if_not_exists(${place.name("owner")}, ${place.value("none")})`);
  if (sets.length > 0) clauses.push(`SET ${sets.join(", ")}`);
  const adds = Object.entries(change.add).map(([name, step]) => `${place.name(name)} ${place.value(step)}`);
  if (adds.length > 0) clauses.push(`ADD ${adds.join(", ")}`);
  if (change.remove.length > 0) clauses.push(`REMOVE ${change.remove.map((name) => place.name(name)).join(", ")}`);
  return clauses.join(" ");
}

export type Expressions = Placed & { readonly ConditionExpression: string; readonly UpdateExpression: string };

/** Where any part of a call is to hold, in one set of placeholders. */
function compile(condition: Condition, change: Change): Expressions {
  const place = placeholders();
  const ConditionExpression = conditionText(condition, place);
  const UpdateExpression = updateText(change, place);
  return { ConditionExpression, UpdateExpression, ...place.placed() };
}

/** DynamoDB's UpdateItem writes the key itself; naming it in SET is an error. */
const withoutKey = (set: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { [table.key]: _, ...rest } = set;
  return rest;
};

/** A move as expressions. What the indexes are made from follows from the state and from the owner that it sets or removes. */
export function compileMove<M extends Move>(move: M, pool: PoolName, params: Moves[M]): Expressions {
  const change = changeOf(move, params);
  const set = withoutKey(change.set);
  if (set["state"] !== undefined) set[poolAttribute] = poolKey(pool, set["state"] as State);
  const owner = parseOwner(set["owner"] as string | undefined);
  if (owner !== undefined) set[groupAttribute] = groupOf(owner);
  const remove = change.remove.includes("owner") ? [...change.remove, groupAttribute] : change.remove;
  return compile(and(...conditionOf(move, params).map(({ that }) => that)), { ...change, set, remove });
}

export const compileAgentWrite = (write: AgentWrite): Expressions =>
  compile(write.condition, { set: { ...write.set }, add: {}, remove: [], keepLastOwner: false });

/** One UpdateItem: the winner gets the item as it has become, the loser as it is. */
export const updateItem = (tableName: string, key: string, expressions: Expressions): UpdateItemCommandInput => {
  const { ExpressionAttributeValues, ...rest } = expressions;
  return {
    TableName: tableName,
    Key: { [table.key]: { S: key } },
    ...rest,
    // DynamoDB refuses an empty map of values.
    ...(Object.keys(ExpressionAttributeValues).length > 0 ? { ExpressionAttributeValues } : {}),
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
};
