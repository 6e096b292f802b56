// Conditions as data: evaluated here for decisions, compiled to DynamoDB's ConditionExpression in cloud/aws.

export type Scalar = string | number | boolean;

/** A dotted path into an item (`signal.kind`), or a literal. */
export type Operand = { readonly path: string } | { readonly value: Scalar };

export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Condition =
  | { readonly op: Comparison; readonly left: Operand; readonly right: Operand }
  | { readonly op: "exists" | "absent"; readonly path: string }
  | { readonly op: "and" | "or"; readonly of: readonly Condition[] }
  | { readonly op: "not"; readonly of: Condition };

export const path = (name: string): Operand => ({ path: name });
const value = (literal: Scalar): Operand => ({ value: literal });
export const compare = (left: string, op: Comparison, right: Scalar | Operand): Condition => ({
  op,
  left: path(left),
  right: typeof right === "object" ? right : value(right),
});
export const exists = (name: string): Condition => ({ op: "exists", path: name });
export const absent = (name: string): Condition => ({ op: "absent", path: name });
export const and = (...of: readonly Condition[]): Condition => ({ op: "and", of });
export const or = (...of: readonly Condition[]): Condition => ({ op: "or", of });

/** True also where an attribute that is compared is absent or of another type, where each comparison is false. */
export const not = (of: Condition): Condition => ({ op: "not", of });

/** The value at a dotted path, undefined where any step is missing. */
export function at(item: unknown, dotted: string): unknown {
  let here: unknown = item;
  for (const step of dotted.split(".")) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

const ordered = (op: Comparison, left: Scalar, right: Scalar): boolean => {
  switch (op) {
    case "=":
      return left === right;
    case "<>":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
};

/** DynamoDB's rules: a comparison with an absent attribute is false but for `<>`, which is true; so is one across types. */
export function holds(condition: Condition, item: unknown): boolean {
  switch (condition.op) {
    case "and":
      return condition.of.every((part) => holds(part, item));
    case "or":
      return condition.of.some((part) => holds(part, item));
    case "not":
      return !holds(condition.of, item);
    case "exists":
      return at(item, condition.path) !== undefined;
    case "absent":
      return at(item, condition.path) === undefined;
    default: {
      const left = "path" in condition.left ? at(item, condition.left.path) : condition.left.value;
      const right = "path" in condition.right ? at(item, condition.right.path) : condition.right.value;
      if (left === undefined || right === undefined || typeof left !== typeof right) return condition.op === "<>";
      return ordered(condition.op, left as Scalar, right as Scalar);
    }
  }
}
