// Reads a key condition: the partition it selects, and the interval of sort keys.
import { invalid, orderOf, typeOf, type AttributeValue } from "./attribute-value.ts";
import { isEmpty } from "./keys.ts";
import type { Comparator, Condition } from "./parse-condition.ts";
import type { KeySchema } from "./rows.ts";
import { resolvePath, valueOf, type Scope } from "./scope.ts";

/** Where a sort key lies: below 0 before the interval, 0 inside, above 0 after it. */
type Interval = (range: AttributeValue) => number;

export interface KeyCondition {
  readonly hash: AttributeValue;
  readonly range?: Interval;
}

const unsupported = (): Error => invalid("Query key condition not supported");

const parts = (condition: Condition): Condition[] =>
  condition.kind === "and" ? [...parts(condition.left), ...parts(condition.right)] : [condition];

interface Part {
  readonly name: string;
  readonly operator: Comparator;
  readonly value: AttributeValue;
}

/** Our key conditions only compare: BETWEEN and begins_with are not modelled. */
function readPart(condition: Condition, scope: Scope): Part {
  if (condition.kind !== "compare") throw unsupported();
  const { operator, left, right } = condition;
  if (left.kind !== "path" || right.kind !== "value") throw unsupported();
  const [name = "", ...deeper] = resolvePath(left.path, scope);
  if (deeper.length > 0) throw unsupported();
  return { name, operator, value: valueOf(right.ref, scope) };
}

function intervalOf({ operator, value }: Part): Interval {
  const order = (range: AttributeValue): number => orderOf(range, value) ?? 0;
  switch (operator) {
    case "=":
      return order;
    case "<":
      return (range) => (order(range) < 0 ? 0 : 1);
    case "<=":
      return (range) => (order(range) <= 0 ? 0 : 1);
    case ">":
      return (range) => (order(range) > 0 ? 0 : -1);
    case ">=":
      return (range) => (order(range) >= 0 ? 0 : -1);
    case "<>":
      throw unsupported();
  }
}

/** Throws ValidationException in DynamoDB's words. */
export function readKeyCondition(
  condition: Condition,
  scope: Scope,
  keys: KeySchema,
  types: Readonly<Record<string, string>>,
): KeyCondition {
  const all = parts(condition).map((part) => readPart(part, scope));
  const names = all.map((part) => part.name);
  if (all.length > 2) throw invalid("Conditions can be of length 1 or 2 only");
  if (new Set(names).size < names.length) {
    throw invalid("KeyConditionExpressions must only contain one condition per key");
  }
  const hash = all.find((part) => part.name === keys.hash);
  if (!hash) throw invalid(`Query condition missed key schema element: ${keys.hash}`);
  if (hash.operator !== "=") throw unsupported();
  const range = all.find((part) => part !== hash);
  if (range && range.name !== keys.range) {
    throw keys.range === undefined
      ? unsupported()
      : invalid(`Query condition missed key schema element: ${keys.range}`);
  }
  for (const { name, value } of all) {
    if (typeOf(value) !== types[name]) {
      throw invalid("One or more parameter values were invalid: Condition parameter type does not match schema type");
    }
    if (isEmpty(value)) {
      throw invalid(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
      );
    }
  }
  return { hash: hash.value, ...(range && { range: intervalOf(range) }) };
}
