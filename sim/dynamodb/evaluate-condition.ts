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

function sizeOf(value: AttributeValue): number | undefined {
  if ("S" in value) return value.S.length;
  if ("B" in value) return Buffer.byteLength(value.B, "base64");
  if ("M" in value) return Object.keys(value.M).length;
  if ("L" in value) return value.L.length;
  if ("SS" in value) return value.SS.length;
  if ("NS" in value) return value.NS.length;
  if ("BS" in value) return value.BS.length;
  return undefined;
}

function resolve(operand: Operand, item: Item, scope: Scope): AttributeValue | undefined {
  if (operand.kind === "value") return valueOf(operand.ref, scope);
  if (operand.kind === "path") return lookUp(item, resolvePath(operand.path, scope));
  const of = resolve(operand.of, item, scope);
  const size = of && sizeOf(of);
  return size === undefined ? undefined : { N: String(size) };
}

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

const startsWith = (a: AttributeValue, b: AttributeValue): boolean => {
  if ("S" in a && "S" in b) return a.S.startsWith(b.S);
  if (!("B" in a && "B" in b)) return false;
  const [whole, start] = [Buffer.from(a.B, "base64"), Buffer.from(b.B, "base64")];
  return whole.subarray(0, start.length).equals(start);
};

function contains(a: AttributeValue, b: AttributeValue): boolean {
  if ("L" in a) return a.L.some((member) => equalValues(member, b));
  if ("S" in b) return "S" in a ? a.S.includes(b.S) : "SS" in a && a.SS.includes(b.S);
  if ("N" in b) return "NS" in a && a.NS.includes(b.N);
  if (!("B" in b)) return false;
  if ("BS" in a) return a.BS.includes(b.B);
  return "B" in a && Buffer.from(a.B, "base64").includes(Buffer.from(b.B, "base64"));
}

function holdsFor(predicate: Predicate, a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  switch (predicate) {
    case "attribute_exists":
      return a !== undefined;
    case "attribute_not_exists":
      return a === undefined;
    case "attribute_type":
      return a !== undefined && b !== undefined && "S" in b && typeOf(a) === b.S;
    case "begins_with":
      return a !== undefined && b !== undefined && startsWith(a, b);
    case "contains":
      return a !== undefined && b !== undefined && contains(a, b);
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
    case "in": {
      const value = resolve(condition.operand, item, scope);
      return condition.list.some((one) => compare("=", value, resolve(one, item, scope)));
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
  if (!second) return;
  if (predicate === "begins_with") demandType(predicate, second, ["S", "B"], scope);
  if (predicate !== "attribute_type") return;
  demandType(predicate, second, ["S"], scope);
  const code = second.kind === "value" ? valueOf(second.ref, scope) : undefined;
  if (!code || !("S" in code) || !(code.S in typeNames)) {
    throw invalid(
      `Invalid attribute type name found; type: ${code && "S" in code ? code.S : "?"}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`,
    );
  }
}

function checkBounds(low: Operand, high: Operand, scope: Scope): void {
  for (const bound of [low, high]) demandType("BETWEEN", bound, ["S", "N", "B"], scope);
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
      demandType(condition.operator, condition.left, ["S", "N", "B"], scope);
      return demandType(condition.operator, condition.right, ["S", "N", "B"], scope);
    case "between":
      return checkBounds(condition.low, condition.high, scope);
    case "in":
      return;
    case "call":
      return checkCall(condition.predicate, condition.args, scope);
  }
}
