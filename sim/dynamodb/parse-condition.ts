// The grammar of condition, filter and key condition expressions, and of projections.
import { ExpressionFault, read, type Path, type Reader } from "./tokens.ts";

export type Operand = { readonly kind: "path"; readonly path: Path } | { readonly kind: "value"; readonly ref: string };

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";
export type Predicate = "attribute_exists" | "attribute_not_exists" | "begins_with" | "contains";

export type Condition =
  | { readonly kind: "compare"; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "call"; readonly predicate: Predicate; readonly args: readonly Operand[] }
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly inner: Condition };

/** A parsed expression with the placeholders it uses. */
export interface Parsed<T> {
  readonly body: T;
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

const arity: Readonly<Record<Predicate, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  begins_with: 2,
  contains: 2,
};
const comparators: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

const isPredicate = (name: string): name is Predicate => Object.hasOwn(arity, name);

function operand(reader: Reader): Operand {
  if (reader.peek().startsWith(":")) return { kind: "value", ref: reader.value() };
  if (reader.peek(1) === "(" && !reader.peek().startsWith("#")) {
    const name = reader.next();
    throw new ExpressionFault(
      isPredicate(name)
        ? `The function is not allowed to be used this way in an expression; function: ${name}`
        : `Invalid function name; function: ${name}`,
    );
  }
  return { kind: "path", path: reader.path() };
}

function call(reader: Reader): Condition {
  const predicate = reader.next() as Predicate;
  reader.expect("(");
  const args = [operand(reader)];
  while (reader.accept(",")) args.push(operand(reader));
  reader.expect(")");
  if (args.length !== arity[predicate]) {
    throw new ExpressionFault(
      `Incorrect number of operands for operator or function; operator or function: ${predicate}, number of operands: ${args.length}`,
    );
  }
  return { kind: "call", predicate, args };
}

function comparison(reader: Reader): Condition {
  const left = operand(reader);
  const operator = reader.peek();
  if (comparators.has(operator)) {
    reader.next();
    return { kind: "compare", operator: operator as Comparator, left, right: operand(reader) };
  }
  if (reader.accept("BETWEEN")) {
    const low = operand(reader);
    reader.expect("AND");
    return { kind: "between", operand: left, low, high: operand(reader) };
  }
  return reader.fail();
}

/** What stood in parentheses of its own: `((a = :b))` is refused, as by DynamoDB. */
const wrapped = new WeakSet<Condition>();

function primary(reader: Reader): Condition {
  if (reader.accept("NOT")) return { kind: "not", inner: primary(reader) };
  if (reader.accept("(")) {
    const inner = disjunction(reader);
    reader.expect(")");
    if (wrapped.has(inner)) throw new ExpressionFault("The expression has redundant parentheses;");
    wrapped.add(inner);
    return inner;
  }
  return reader.peek(1) === "(" && isPredicate(reader.peek()) ? call(reader) : comparison(reader);
}

function conjunction(reader: Reader): Condition {
  let left = primary(reader);
  while (reader.accept("AND")) left = { kind: "and", left, right: primary(reader) };
  return left;
}

function disjunction(reader: Reader): Condition {
  let left = conjunction(reader);
  while (reader.accept("OR")) left = { kind: "or", left, right: conjunction(reader) };
  return left;
}

const done = <T>(reader: Reader, body: T): Parsed<T> => {
  if (reader.peek() !== "") reader.fail();
  return { body, names: reader.names, values: reader.values };
};

export function parseCondition(text: string): Parsed<Condition> {
  const reader = read(text);
  return done(reader, disjunction(reader));
}

export function parseProjection(text: string): Parsed<readonly Path[]> {
  const reader = read(text);
  const paths = [reader.path()];
  while (reader.accept(",")) paths.push(reader.path());
  return done(reader, paths);
}
