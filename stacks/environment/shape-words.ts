// What is said of a field that has not the shape of an environment's file: its path, and the rule in words.
import type * as z from "zod";
import type { Problem } from "./environment.ts";

/** Of zod's names for types. */
const types: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object { … }",
  record: "an object { … }",
};
const wordsOf = (type: string): string => types[type] ?? type;

function typeRule(message: string): string | undefined {
  const [, expected = "", received = ""] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (expected === "") return undefined;
  if (received === "undefined") return `is missing: ${wordsOf(expected)}`;
  // Of a number that is no whole one zod says "received number".
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

function choiceRule(message: string): string | undefined {
  const [, choices] = /^Invalid (?:option: expected one of|discriminator value. Expected) (.+)$/.exec(message) ?? [];
  return choices === undefined ? undefined : `must be one of ${choices.split(/ ?\| ?/).join(", ")}`;
}

/** Of a record's name what is said of the name itself, which is within. */
function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return "is no field of an environment's file (docs/environment.md)";
  const message = (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined) ?? issue.message;
  return typeRule(message) ?? sizeRule(message) ?? choiceRule(message) ?? message;
}

const asPath = (steps: readonly PropertyKey[]): string =>
  steps.reduce<string>(
    (path, step) => (typeof step === "number" ? `${path}[${step}]` : `${path}${path === "" ? "" : "."}${String(step)}`),
    "",
  );

/** The fields that an issue is about: those that are too many are named one by one. */
const pathsOf = (issue: z.core.$ZodIssue): readonly string[] => {
  const path = asPath(issue.path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => asPath([...issue.path, key]));
  return [path === "" ? "export default" : path];
};

export const problemsOfShape = (error: z.ZodError): readonly Problem[] =>
  error.issues.flatMap((issue) => pathsOf(issue).map((path): Problem => [path, ruleOf(issue)]));
