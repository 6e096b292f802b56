// A provision's inputs, declared once for the action and the command line, and read against the environment they are for.
import type { Random } from "../cloud/ports/clock.ts";
import { classOf, isServed, retiredClassesOf, type Configuration } from "../domain/configuration.ts";
import { maxima } from "../domain/limits.ts";
import {
  inputNameOf,
  parseRequest,
  problemOfTimeout,
  type RawRequest,
  type RequestParse,
  type RequestProblem,
} from "../domain/request.ts";
import { architectures } from "../domain/record.ts";

export interface RequestInput {
  /** One text for action.yml, the documentation and `--help`: it begins in lower case, with literals in backticks. */
  readonly help: string;
  /** The default; in words, where it is not a fixed value. */
  readonly otherwise?: string | { readonly words: string };
  readonly choices?: readonly string[];
  /** The placeholder of its value on the command line; without one it is a switch there, and `true` or `false` in the action. */
  readonly value?: string;
  /** Variables that stand for an empty one, before `otherwise`. */
  readonly variables?: readonly string[];
}

/** Taken from the run, not from its author. */
type FieldOfRun = "runId" | "attempt" | "repository";
type Field = Exclude<keyof RawRequest, FieldOfRun>;

/** To add one: declare it here, parse it in domain/request.ts, store it in cloud/aws/saved-requests.ts, and use it. */
export const requestInputs = {
  name: {
    value: "NAME",
    variables: ["GITHUB_JOB"],
    otherwise: "provision",
    help: "distinguishes several provisions of one run: 1-100 letters, digits, `_`, `.` or `-`. A second provision in the same job needs its own name",
  },
  instanceCount: { value: "N", otherwise: "1", help: `number of instances, 1 to ${maxima.instanceCount}` },
  minCount: {
    value: "N",
    otherwise: { words: "all" },
    help: "accept at least this many instances if not all are available",
  },
  resourceClass: {
    value: "CLASS",
    otherwise: "large",
    help: "minimum vCPU and memory, as one of the environment's classes (`runpool config` lists them). Default classes: `large` (2 vCPU, 4 GiB), `xlarge` (4, 8), `2xlarge` (8, 16) …",
  },
  architecture: { value: "NAME", otherwise: "x64", choices: architectures, help: "processor architecture" },
  usageClass: {
    value: "NAME",
    otherwise: { words: "as the class says, or its environment (spot)" },
    choices: ["spot", "on-demand"],
    help: "how EC2 bills the instances",
  },
  fallback: {
    otherwise: "false",
    help: "if spot capacity is short, try the AMD or Intel equivalents of the allowed types, then on-demand",
  },
  allowedInstanceTypes: {
    value: "TYPES",
    otherwise: "c* m* r*",
    help: "allowed instance types, by name or wildcard, separated by blanks or commas",
  },
  labels: {
    value: "LABELS",
    otherwise: "",
    help: "further runner labels, separated by blanks or commas. Each is appended to the run's label: with `gpu`, jobs use `runs-on: RUN_ID-gpu`",
  },
  label: {
    value: "WHICH",
    otherwise: "run-id",
    choices: ["run-id", "secret"],
    help: "what jobs name in `runs-on`: the run id, or instead of it a new label for each call, which cannot be guessed (the output `label`)",
  },
  timeoutMin: {
    value: "MIN",
    otherwise: { words: "the environment's limit (12), which is also the maximum" },
    help: "minutes to wait for the instances",
  },
  maxRuntimeMin: {
    value: "MIN",
    otherwise: { words: "the environment's limit (30)" },
    help: "minutes the instances may serve this run",
  },
} as const satisfies Readonly<Record<Field, RequestInput>>;

type Dashed<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${Dashed<Rest>}`
  : "";
export type RequestInputName = Dashed<Field>;

/** By the name that both faces give it: `instance-count`. */
export const requestInputList: readonly (RequestInput & { readonly field: Field; readonly name: RequestInputName })[] =
  (Object.keys(requestInputs) as Field[]).map((field) => ({
    ...requestInputs[field],
    field,
    name: inputNameOf(field) as RequestInputName,
  }));

/** The value that stands for an empty input; "" where none does. */
export const defaultOf = ({ otherwise = "" }: RequestInput): string => (typeof otherwise === "string" ? otherwise : "");

/** `of` returns an input's text; `otherwise` is its default. */
export const rawRequestOf = (
  run: Pick<RawRequest, FieldOfRun>,
  of: (name: RequestInputName, otherwise: string) => string,
): RawRequest => ({
  ...run,
  ...(Object.fromEntries(requestInputList.map((input) => [input.field, of(input.name, defaultOf(input))])) as Required<
    Pick<RawRequest, Field>
  >),
});

/**
 * `parseRequest`, and that the environment serves the repository: at any other its instances could not register. A secret label has 160
 * bits that other jobs cannot guess.
 */
export function requestOf(raw: RawRequest, configuration: Configuration, random: Pick<Random, "id">): RequestParse {
  // The class's, or its environment's, unless given.
  const usageClass = raw.usageClass || classOf(configuration, raw.resourceClass).usageClass;
  const label = raw.label === "secret" ? `runpool-${random.id()}${random.id()}` : "";
  const parsed = parseRequest(
    { ...raw, usageClass, label },
    configuration.resourceClasses,
    retiredClassesOf(configuration),
  );
  const problems: RequestProblem[] = parsed.ok ? [] : [...parsed.problems];
  if (!requestInputs.label.choices.some((choice) => choice === raw.label))
    problems.push({
      field: "label",
      given: raw.label ?? "",
      rule: 'write "run-id" or "secret"; further labels go into "labels"',
    });
  const tooLong = parsed.ok ? problemOfTimeout(parsed.request, configuration.provisionMs) : undefined;
  if (tooLong !== undefined) problems.push(tooLong);
  const { repositories } = configuration.forge;
  const named = /^[\w.-]+\/[\w.-]+$/.test(raw.repository);
  if (named && !isServed(configuration.forge, raw.repository)) {
    const served = repositories.length === 0 ? "none" : repositories.map((one) => `"${one}"`).join(", ");
    problems.push({ field: "repository", given: raw.repository, rule: `this environment serves ${served}` });
  }
  return problems.length > 0 ? { ok: false, problems } : parsed;
}
