// Does an item satisfy a condition or filter? Static checks first, as DynamoDB refuses a bad operand before it looks at an item.
import {
  equalValues,
  invalid,
  orderOf,
  typeNames,
  typeOf,
  type AttributeValue,
  type Item,
  type TypeCode,
} from "./attribute-value.ts";
import type { Comparator, Condition, Operand, Predicate } from "./parse-condition.ts";
import { lookUp, resolvePath, valueOf, type Scope } from "./scope.ts";

const ordered: ReadonlySet<string> = new Set(["<", "<=", ">", ">="]);

const resolve = (operand: Operand, item: Item, scope: Scope): AttributeValue | undefined =>
  operand.kind === "value" ? valueOf(operand.ref, scope) : lookUp(item, resolvePath(operand.path, scope));

function compare(operator: Comparator, a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (operator === "=") return a !== undefined && b !== undefined && equalValues(a, b);
  // An absent attribute differs from every value.
  if (operator === "<>") return a === undefined || b === undefined || !equalValues(a, b);
  const order = a && b && orderOf(a, b);
  if (order === undefined) return false;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function holdsFor(predicate: Predicate, a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  switch (predicate) {
    case "attribute_exists":
      return a !== undefined;
    case "attribute_not_exists":
      return a === undefined;
    case "begins_with":
      return a !== undefined && b !== undefined && "S" in a && "S" in b && a.S.startsWith(b.S);
    case "contains":
      return a !== undefined && b !== undefined && "S" in a && "S" in b && a.S.includes(b.S);
  }
}

/** Whether `item` (an absent one is `{}`) satisfies the condition. */
export function satisfies(condition: Condition, item: Item, scope: Scope): boolean {
  switch (condition.kind) {
    case "and":
      return satisfies(condition.left, item, scope) && satisfies(condition.right, item, scope);
    case "or":
      return satisfies(condition.left, item, scope) || satisfies(condition.right, item, scope);
    case "not":
      return !satisfies(condition.inner, item, scope);
    case "compare":
      return compare(condition.operator, resolve(condition.left, item, scope), resolve(condition.right, item, scope));
    case "between": {
      const value = resolve(condition.operand, item, scope);
      return (
        compare(">=", value, resolve(condition.low, item, scope)) &&
        compare("<=", value, resolve(condition.high, item, scope))
      );
    }
    case "call": {
      const [first, second] = condition.args;
      return holdsFor(
        condition.predicate,
        first && resolve(first, item, scope),
        second && resolve(second, item, scope),
      );
    }
  }
}

function demandType(operator: string, operand: Operand, allowed: readonly TypeCode[], scope: Scope): void {
  if (operand.kind !== "value") return;
  const code = typeOf(valueOf(operand.ref, scope));
  if (allowed.includes(code)) return;
  throw invalid(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${typeNames[code]}`,
  );
}

function checkCall(predicate: Predicate, args: readonly Operand[], scope: Scope): void {
  const [first, second] = args;
  if (first?.kind !== "path" && (predicate === "attribute_exists" || predicate === "attribute_not_exists")) {
    throw invalid(`Operator or function requires a document path; operator or function: ${predicate}`);
  }
  // The real `contains` also finds a member of a list or a set, which our expressions do not use.
  if (second !== undefined) demandType(predicate, second, ["S"], scope);
}

function checkBounds(low: Operand, high: Operand, scope: Scope): void {
  for (const bound of [low, high]) demandType("BETWEEN", bound, ["S", "N"], scope);
  if (low.kind !== "value" || high.kind !== "value") return;
  const order = orderOf(valueOf(low.ref, scope), valueOf(high.ref, scope));
  if (order === undefined) {
    throw invalid("The BETWEEN operator requires same data type for lower and upper bounds");
  }
  if (order > 0) {
    throw invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower bound");
  }
}

const samePath = (a: Operand, b: Operand, scope: Scope): boolean =>
  a.kind === "path" &&
  b.kind === "path" &&
  JSON.stringify(resolvePath(a.path, scope)) === JSON.stringify(resolvePath(b.path, scope));

/** Checks what DynamoDB checks before it looks at any item. Throws ValidationException without the parameter's name. */
export function checkCondition(condition: Condition, scope: Scope): void {
  switch (condition.kind) {
    case "and":
    case "or":
      checkCondition(condition.left, scope);
      checkCondition(condition.right, scope);
      return;
    case "not":
      return checkCondition(condition.inner, scope);
    case "compare":
      if (samePath(condition.left, condition.right, scope)) {
        throw invalid(
          `The first operand must be distinct from the remaining operands for this operator or function; operator: ${condition.operator}`,
        );
      }
      if (!ordered.has(condition.operator)) return;
      demandType(condition.operator, condition.left, ["S", "N"], scope);
      return demandType(condition.operator, condition.right, ["S", "N"], scope);
    case "between":
      return checkBounds(condition.low, condition.high, scope);
    case "call":
      return checkCall(condition.predicate, condition.args, scope);
  }
}
