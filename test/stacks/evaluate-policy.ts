// IAM's evaluation of identity policies, as far as our policies use it ("Policy evaluation logic", "IAM JSON policy elements").
//
// The well-kept library for this (cloud-copilot's iam-simulate) is under the AGPL, so the few operators are evaluated here; one that is
// not known is an error, never passed over.
import { rendered, textOf, type Block } from "../../sim/stack-file.ts";

export interface Request {
  readonly action: string;
  readonly resource: string;
  /** Condition keys; a key that is absent here is absent from the request. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Of a policy that refers to nothing which Terraform has yet to make. */
export const policyText = (block: Block, field = "policy"): string =>
  rendered(textOf(block, field), (type, id) => {
    throw new Error(`a policy refers to ${type}.${id}: it could not be evaluated`);
  });
export const statementsIn = (text: string): readonly PolicyStatement[] =>
  (JSON.parse(text) as { readonly Statement: readonly PolicyStatement[] }).Statement;

type Context = NonNullable<Request["context"]>;

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** Policy variables filled in; undefined where one is absent from the request: then nothing matches. */
function filled(text: string, context: Context): string | undefined {
  let missing = false;
  const result = text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const [value, ...more] = listOf(context[name]);
    if (value === undefined || more.length > 0) missing = true;
    return value ?? "";
  });
  return missing ? undefined : result;
}

/** By pattern: a table of requests meets the same few again and again. */
const expressions = new Map<string, RegExp>();
function asExpression(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known !== undefined) return known;
  const text = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const made = new RegExp(`^${text}$`, "s");
  expressions.set(pattern, made);
  return made;
}

const like = (value: string, pattern: string): boolean => asExpression(pattern).test(value);
const operators: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringLike: like,
  StringNotLike: (value, wanted) => !like(value, wanted),
  ArnEquals: like,
  ArnLike: like,
  Bool: (value, wanted) => value === wanted,
};

function conditionHolds(name: string, key: string, wanted: readonly string[], context: Context): boolean {
  const present = listOf(context[key]);
  if (name === "Null") return wanted.every((absent) => (absent === "true") === (context[key] === undefined));
  const [quantifier, told = ""] = name.includes(":") ? name.split(":") : [undefined, name];
  const operator = told.replace(/IfExists$/, "");
  if (operator !== told && context[key] === undefined) return true;
  const compare = operators[operator];
  if (compare === undefined || (quantifier !== undefined && quantifier !== "ForAllValues"))
    throw new Error(`the condition operator ${name} is not known here`);
  const patterns = wanted.flatMap((one) => filled(one, context) ?? []);
  // "No pattern matches" is what a negated operator asks for.
  const matches = (value: string): boolean =>
    operator.includes("Not")
      ? patterns.every((pattern) => compare(value, pattern))
      : patterns.some((pattern) => compare(value, pattern));
  // An absent key satisfies ForAllValues, and nothing else.
  if (quantifier === "ForAllValues") return present.every(matches);
  return present.length > 0 && present.every(matches);
}

function applies(
  { Action, Resource, Condition = {} }: PolicyStatement,
  { action, resource, context = {} }: Request,
): boolean {
  if (!Action.some((pattern) => like(action.toLowerCase(), pattern.toLowerCase()))) return false;
  const resources = Resource.flatMap((pattern) => filled(pattern, context) ?? []);
  if (!resources.some((pattern) => like(resource, pattern))) return false;
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => conditionHolds(operator, key, listOf(wanted), context)),
  );
}

/** Denied by default, and by any statement that says so. */
export function isAllowed(statements: readonly PolicyStatement[], request: Request): boolean {
  const applicable = statements.filter((statement) => applies(statement, request));
  return applicable.some(({ Effect }) => Effect === "Allow") && !applicable.some(({ Effect }) => Effect === "Deny");
}
