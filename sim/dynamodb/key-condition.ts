// Reads a key condition: the partition it selects, and the interval of sort keys.
import { invalid, orderOf, typeNames, typeOf, type AttributeValue } from "./attribute-value.ts";
import { isEmpty } from "./keys.ts";
import type { Condition, Operand } from "./parse-condition.ts";
import type { KeySchema } from "./rows.ts";
import { resolvePath, valueOf, type Scope } from "./scope.ts";

/** Where a sort key lies: -1 before the interval, 0 inside, 1 after it. */
type Interval = (range: AttributeValue) => -1 | 0 | 1;

export interface KeyCondition {
  readonly hash: AttributeValue;
  readonly range?: Interval;
}

const unsupported = (): Error => invalid("Query key condition not supported");

const parts = (condition: Condition): Condition[] =>
  condition.kind === "and" ? [...parts(condition.left), ...parts(condition.right)] : [condition];

interface Part {
  readonly name: string;
  readonly operator: string;
  readonly values: readonly AttributeValue[];
}

function readPart(condition: Condition, scope: Scope): Part {
  const shaped = (operator: string, subject: Operand | undefined, operands: readonly Operand[]): Part => {
    const path = subject?.kind === "path" ? resolvePath(subject.path, scope) : [];
    const [name] = path;
    if (path.length !== 1 || typeof name !== "string") throw unsupported();
    const values = operands.map((operand) => {
      if (operand.kind !== "value") throw unsupported();
      return valueOf(operand.ref, scope);
    });
    return { name, operator, values };
  };
  if (condition.kind === "compare" && condition.operator !== "<>") {
    return shaped(condition.operator, condition.left, [condition.right]);
  }
  if (condition.kind === "between") return shaped("between", condition.operand, [condition.low, condition.high]);
  if (condition.kind === "call" && condition.predicate === "begins_with") {
    return shaped("begins_with", condition.args[0], condition.args.slice(1));
  }
  throw unsupported();
}

const sign = (order: number): -1 | 0 | 1 => (order < 0 ? -1 : order > 0 ? 1 : 0);
const hasPrefix = (whole: AttributeValue, start: AttributeValue): boolean => {
  if ("S" in whole && "S" in start) return whole.S.startsWith(start.S);
  if (!("B" in whole && "B" in start)) return false;
  const [all, first] = [Buffer.from(whole.B, "base64"), Buffer.from(start.B, "base64")];
  return all.subarray(0, first.length).equals(first);
};

function intervalOf({ operator, values }: Part): Interval {
  const [low, high = low] = values as [AttributeValue, AttributeValue?];
  const order = (range: AttributeValue, bound: AttributeValue): number => orderOf(range, bound) ?? 0;
  switch (operator) {
    case "=":
      return (range) => sign(order(range, low));
    case "<":
      return (range) => (order(range, low) < 0 ? 0 : 1);
    case "<=":
      return (range) => (order(range, low) <= 0 ? 0 : 1);
    case ">":
      return (range) => (order(range, low) > 0 ? 0 : -1);
    case ">=":
      return (range) => (order(range, low) >= 0 ? 0 : -1);
    case "between":
      return (range) => (order(range, low) < 0 ? -1 : order(range, high) > 0 ? 1 : 0);
    default:
      return (range) => (hasPrefix(range, low) ? 0 : sign(order(range, low)));
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
  for (const part of all) {
    for (const value of part.values) {
      if (typeOf(value) !== types[part.name]) {
        throw invalid("One or more parameter values were invalid: Condition parameter type does not match schema type");
      }
      if (isEmpty(value) && part.operator !== "begins_with") {
        throw invalid(
          `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${part.name}`,
        );
      }
    }
  }
  const [prefix] = range?.operator === "begins_with" ? range.values : [];
  if (prefix && typeOf(prefix) === "N") {
    throw invalid(
      `Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: ${typeNames.N}`,
    );
  }
  return { hash: hash.values[0] as AttributeValue, ...(range && { range: intervalOf(range) }) };
}
