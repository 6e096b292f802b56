// The expressions of one call, parsed (once, then cached) and checked against its names and values.
import { invalid, isRecord, malformed, readItem, type AttributeValue, type Item } from "./attribute-value.ts";
import { parseCondition, parseProjection, type Condition, type Parsed } from "./parse-condition.ts";
import { parseUpdate, type Update } from "./parse-update.ts";
import { ExpressionFault, type Path } from "./tokens.ts";

/** What the placeholders of a call stand for. */
export interface Scope {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

/** The parsed expressions of a call, by the parameter they came in. */
export interface Expressions extends Scope {
  readonly condition?: Condition;
  readonly filter?: Condition;
  readonly key?: Condition;
  readonly update?: Update;
  readonly projection?: readonly Path[];
}

const grammars = {
  ConditionExpression: parseCondition,
  FilterExpression: parseCondition,
  KeyConditionExpression: parseCondition,
  UpdateExpression: parseUpdate,
  ProjectionExpression: parseProjection,
} as const;
export type ExpressionName = keyof typeof grammars;

const members = {
  ConditionExpression: "condition",
  FilterExpression: "filter",
  KeyConditionExpression: "key",
  UpdateExpression: "update",
  ProjectionExpression: "projection",
} as const;

/** Parse results by grammar and text; bounded, as a program has few expressions but a fuzzer many. */
const cache = new Map<string, Parsed<unknown>>();
const cacheMost = 2000;

function parse(name: ExpressionName, text: string): Parsed<unknown> {
  const id = `${grammars[name].name}\n${text}`;
  const known = cache.get(id);
  if (known) return known;
  if (text === "") throw invalid(`Invalid ${name}: The expression can not be empty;`);
  try {
    const parsed = grammars[name](text);
    if (cache.size >= cacheMost) cache.clear();
    cache.set(id, parsed);
    return parsed;
  } catch (fault) {
    if (fault instanceof ExpressionFault) throw invalid(`Invalid ${name}: ${fault.message}`);
    throw fault;
  }
}

function readNames(input: unknown): Record<string, string> {
  if (input === undefined) return {};
  if (!isRecord(input)) throw malformed("Start of structure or map expected");
  const entries = Object.entries(input);
  if (entries.length === 0) throw invalid("ExpressionAttributeNames must not be empty");
  for (const [key, name] of entries) {
    if (typeof name !== "string") throw malformed("Name cannot be converted to String");
    if (!/^#[A-Za-z0-9_]+$/.test(key)) {
      throw invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`);
    }
  }
  return input as Record<string, string>;
}

function readValues(input: unknown): Item {
  if (input === undefined) return {};
  const values = readItem(input);
  const keys = Object.keys(values);
  if (keys.length === 0) throw invalid("ExpressionAttributeValues must not be empty");
  const wrong = keys.find((key) => !/^:[A-Za-z0-9_]+$/.test(key));
  if (wrong !== undefined) {
    throw invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${wrong}"`);
  }
  return values;
}

function demandUsed(parameter: string, given: object, used: ReadonlySet<string>): void {
  const unused = Object.keys(given).filter((key) => !used.has(key));
  if (unused.length > 0) {
    throw invalid(`Value provided in ${parameter} unused in expressions: keys: {${unused.join(", ")}}`);
  }
}

/** Old ways of saying the same, which the embedded cloud does not speak: better refused than half obeyed. */
const legacy = [
  "Expected",
  "AttributeUpdates",
  "AttributesToGet",
  "ConditionalOperator",
  "KeyConditions",
  "QueryFilter",
  "ScanFilter",
];

function refuseLegacy(input: Record<string, unknown>): void {
  const name = legacy.find((one) => input[one] !== undefined);
  if (name) throw invalid(`The embedded DynamoDB does not know the legacy parameter ${name}: use an expression`);
}

/** Reads the expressions `allowed` in a call. Throws ValidationException in DynamoDB's words. */
export function readExpressions(input: Record<string, unknown>, allowed: readonly ExpressionName[]): Expressions {
  refuseLegacy(input);
  const given = allowed.filter((name) => input[name] !== undefined);
  for (const parameter of ["ExpressionAttributeNames", "ExpressionAttributeValues"]) {
    if (input[parameter] !== undefined && given.length === 0) {
      throw invalid(`${parameter} can only be specified when using expressions: ${allowed.join(" and ")} is null`);
    }
  }
  const names = readNames(input["ExpressionAttributeNames"]);
  const values = readValues(input["ExpressionAttributeValues"]);
  const usedNames = new Set<string>();
  const usedValues = new Set<string>();
  const bodies: Record<string, unknown> = {};
  for (const name of given) {
    const text = input[name];
    if (typeof text !== "string") throw malformed("Expression cannot be converted to String");
    const parsed = parse(name, text);
    for (const ref of parsed.names) {
      if (!Object.hasOwn(names, ref)) {
        throw invalid(
          `Invalid ${name}: An expression attribute name used in the document path is not defined; attribute name: ${ref}`,
        );
      }
      usedNames.add(ref);
    }
    for (const ref of parsed.values) {
      if (!Object.hasOwn(values, ref)) {
        throw invalid(
          `Invalid ${name}: An expression attribute value used in expression is not defined; attribute value: ${ref}`,
        );
      }
      usedValues.add(ref);
    }
    bodies[members[name]] = parsed.body;
  }
  demandUsed("ExpressionAttributeNames", names, usedNames);
  demandUsed("ExpressionAttributeValues", values, usedValues);
  return { names, values, ...bodies };
}

/** The path with its placeholders replaced. */
export const resolvePath = (path: Path, scope: Scope): Path =>
  path.map((step) => (step.startsWith("#") ? (scope.names[step] ?? step) : step));

/** The first attribute name of a path. */
export const rootOf = (path: Path, scope: Scope): string => resolvePath(path, scope)[0] ?? "";

export const valueOf = (ref: string, scope: Scope): AttributeValue => {
  const value = scope.values[ref];
  if (!value) throw new Error(`undefined placeholder ${ref} got past its check`);
  return value;
};

/** What stands at a resolved path in an item, if anything does. */
export const lookUp = (item: Item, path: Path): AttributeValue | undefined =>
  path.reduce<AttributeValue | undefined>(
    (here, step) => (here && "M" in here && Object.hasOwn(here.M, step) ? here.M[step] : undefined),
    { M: item },
  );

/** Refuses two paths of one expression of which one contains the other. */
export function demandDistinct(paths: readonly Path[], parameter: string): void {
  for (const [i, one] of paths.entries()) {
    const other = paths.slice(i + 1).find((path) => path.every((step, n) => step === (one[n] ?? step)));
    if (other === undefined) continue;
    const shown = (path: Path): string => `[${path.join(", ")}]`;
    throw invalid(
      `Invalid ${parameter}: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ${shown(one)}, path two: ${shown(other)}`,
    );
  }
}
