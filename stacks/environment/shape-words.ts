// Words the problems that zod finds: the field's path, what is wrong, and what would be right.
import type * as z from "zod";
import { suggestion } from "../../domain/nearest.ts";
import { environmentShape, type Problem } from "./environment.ts";
import { placeInSchema2 } from "./schema-1.ts";

/** Of zod's names for types. */
const types: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object { … }",
  record: "an object { … }",
};
const wordsOf = (type: string): string => types[type] ?? type;

function typeRule(message: string, given: unknown): string | undefined {
  const [, expected = "", received = ""] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (expected === "") return undefined;
  if (received === "undefined") return `is required: ${wordsOf(expected)}`;
  // YAML takes digits without quotes for a number, and would drop a zero at their beginning.
  if (expected === "string" && typeof given === "number")
    return `must be a string, not a number: write "${given}" in quotes`;
  // zod reports 0.5 as "received number".
  return `must be ${wordsOf(expected)}${expected === "int" ? "" : `, not ${wordsOf(received)}`}`;
}

function sizeRule(message: string): string | undefined {
  const [, sign = "", bound = ""] = /^Too (?:small|big): expected .*?([<>]=?)(-?[\d.e+]+)/.exec(message) ?? [];
  const words: Readonly<Record<string, string>> = {
    ">=": "at least",
    ">": "more than",
    "<=": "at most",
    "<": "less than",
  };
  return sign === "" ? undefined : `must be ${words[sign]} ${bound}`;
}

function choiceRule(message: string, given: unknown): string | undefined {
  const [, said] = /^Invalid (?:option: expected one of|discriminator value. Expected) (.+)$/.exec(message) ?? [];
  if (said === undefined) return undefined;
  const choices = said.split(/ ?\| ?/);
  const known = choices.map((choice) => choice.replaceAll(/^['"]|['"]$/g, ""));
  const shown = given === undefined ? "is required: " : "must be ";
  const meant = typeof given === "string" ? suggestion(given, known) : "";
  return `${shown}one of ${choices.join(", ")}${meant}`;
}

/** zod's own description of a schema, as far as fields are found by it. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
}

/** The names of the fields that an object at a path may have; of one of several kinds those of every kind. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const { shape, innerType, in: read, valueType, element, options } = schema._zod.def as unknown as Definition;
  if (options !== undefined) return [...new Set(options.flatMap((option) => fieldsAt(option, path)))];
  const within = innerType ?? read;
  if (within !== undefined) return fieldsAt(within, path);
  const [step, ...rest] = path;
  if (step === undefined) return Object.keys(shape ?? {});
  const next = valueType ?? element ?? shape?.[String(step)];
  return next === undefined ? [] : fieldsAt(next, rest);
}

function unknownField(above: readonly PropertyKey[], key: string): string {
  const moved = placeInSchema2(asPath([...above, key]));
  if (moved !== undefined) return `is a field of schema 1: ${moved}`;
  return `is not a field of an environment's file (docs/environment.md)${suggestion(key, fieldsAt(environmentShape, above))}`;
}

/** For an invalid key of a record, zod has the reason one level deeper. */
function ruleOf(issue: z.core.$ZodIssue, given: unknown): string {
  const message = (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined) ?? issue.message;
  return typeRule(message, given) ?? sizeRule(message) ?? choiceRule(message, given) ?? message;
}

const asPath = (steps: readonly PropertyKey[]): string =>
  steps.reduce<string>(
    (path, step) => (typeof step === "number" ? `${path}[${step}]` : `${path}${path === "" ? "" : "."}${String(step)}`),
    "",
  );

export const valueAt = (file: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, step) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[step] : undefined,
    file,
  );

/** `file`: what was parsed. Unknown fields are reported one by one. */
export const problemsOfShape = (error: z.ZodError, file: unknown): readonly Problem[] =>
  error.issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key): Problem => [asPath([...issue.path, key]), unknownField(issue.path, key)]);
    const path = asPath(issue.path);
    return [[path === "" ? "the file" : path, ruleOf(issue, valueAt(file, issue.path))]];
  });
