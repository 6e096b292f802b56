// Reading the command line: which command, with which values, from flags, variables and defaults.
import { parseArgs } from "node:util";
import { BadInput } from "../words/bad-input.ts";
import type { Command, Given, Option } from "./command.ts";
import { commonOptions } from "./general-options.ts";
import { suggestion } from "../../domain/nearest.ts";
import { optionSuggestion } from "../words/option-suggestion.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Call {
  /** Undefined: the general help. */
  readonly command: Command | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly given: Given;
}

interface Flag {
  readonly raw: string;
  readonly name: string;
  readonly value: string | undefined;
  /** `--name=value`. */
  readonly inline: boolean;
}

const builtIn: readonly Option[] = [
  { name: "help", short: "h", help: "" },
  { name: "version", help: "" },
];

/** Throws BadInput for an unknown command or flag (with the nearest), a missing value, or a missing flag. */
export function readArguments(argv: readonly string[], variables: Variables, commands: readonly Command[]): Call {
  // The command is the first word that is neither a flag nor a flag's value: only common options may come before it.
  const rough = tokensOf(argv, [...commonOptions, ...builtIn]);
  const word = rough.words[0];
  const command = commands.find(({ name }) => name === word);
  const options = [...(command?.options ?? []), ...commonOptions];
  const dashed = problemsOfDashes(argv, options);
  if (dashed.length > 0) throw new BadInput(dashed, command?.name ?? "");
  if (word !== undefined && command === undefined)
    throw new BadInput(
      [
        `unknown command "${word}"${suggestion(
          word,
          commands.map(({ name }) => name),
        )}`,
      ],
      "",
    );
  const { flags, words } = tokensOf(argv, [...options, ...builtIn]);
  const asks = (name: string): boolean => flags.some((flag) => flag.name === name);
  const help = asks("help");
  const version = asks("version");
  if (help || version) return { command, help, version, given: { values: {}, sources: {} } };
  const problems = problemsOfFlags(flags, [...options, ...builtIn], command?.name);
  // An unknown flag may be a misspelt one: missing options are reported once the flags are right.
  if (problems.length > 0) throw new BadInput(problems, command?.name ?? "");
  const operands = words.slice(command === undefined ? 0 : 1);
  problems.push(...problemsOfOperands(operands, command));
  const given = gather(flags, variables, options, problems);
  if (problems.length > 0) throw new BadInput(problems, command?.name ?? "");
  const operand = command?.operand?.name;
  if (operand === undefined || operands[0] === undefined) return { command, help, version, given };
  const values = { ...given.values, [operand]: operands[0] };
  return { command, help, version, given: { ...given, values } };
}

function tokensOf(argv: readonly string[], options: readonly Option[]): { flags: Flag[]; words: string[] } {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      options
        .filter(({ secret }) => secret !== true)
        .map(({ name, short, value }) => [
          name,
          {
            type: value === undefined ? ("boolean" as const) : ("string" as const),
            ...(short === undefined ? {} : { short }),
          },
        ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const flags: Flag[] = [];
  const words: string[] = [];
  for (const token of tokens)
    if (token.kind === "positional") words.push(token.value);
    else if (token.kind === "option")
      flags.push({ raw: token.rawName, name: token.name, value: token.value, inline: token.inlineValue ?? false });
  return { flags, words };
}

/** `-json` instead of `--json`: as single letters it would be four errors, or another option's value. */
function problemsOfDashes(argv: readonly string[], options: readonly Option[]): string[] {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).flatMap((word) => {
    const [, name] = /^-([a-z][a-z-]+)(?:=|$)/.exec(word) ?? [];
    const meant = options.find((option) => option.name === name && option.secret !== true);
    return meant === undefined ? [] : [`unknown option "-${meant.name}"; did you mean "--${meant.name}"?`];
  });
}

/** `of`: the command, where one was named. */
function problemsOfFlags(flags: readonly Flag[], options: readonly Option[], of: string | undefined): string[] {
  const problems: string[] = [];
  const known = new Map(options.filter(({ secret }) => secret !== true).map((option) => [option.name, option]));
  const seen = new Set<string>();
  for (const { raw, name, value, inline } of flags) {
    const option = known.get(name);
    if (option === undefined) {
      const { variables } = options.find((one) => one.name === name) ?? {};
      const instead =
        variables === undefined
          ? optionSuggestion(raw, [...known.values()])
          : `: command lines are visible to every process; set ${variables.join(" or ")}`;
      problems.push(`unknown option "${raw}"${of === undefined ? "" : ` for "${of}"`}${instead}`);
      continue;
    }
    if (seen.has(name) && option.repeats !== true) problems.push(`${raw} is given more than once`);
    seen.add(name);
    if (option.value === undefined && value !== undefined) problems.push(`${raw} takes no value`);
    if (option.value !== undefined && (value === undefined || (!inline && value.startsWith("-"))))
      problems.push(
        `${raw} needs a value: ${raw} ${option.value}${value === undefined ? "" : ` (or ${raw}=${value})`}`,
      );
  }
  return problems;
}

function problemsOfOperands(operands: readonly string[], command: Command | undefined): string[] {
  if (command === undefined) return [];
  const { operand, name } = command;
  if (operand === undefined)
    return operands.map((word) => `unexpected argument "${word}": "${name}" takes no arguments`);
  const problems = operands
    .slice(1)
    .map((word) => `unexpected argument "${word}": "${name}" takes one ${operand.name}`);
  const { choices } = operand;
  if (operand.required && operands[0] === undefined)
    problems.push(
      `${operand.name} is missing: runpool ${name} <${operand.name}>${choices === undefined ? "" : `, one of ${choices.join(", ")}`}`,
    );
  if (operands[0] !== undefined) problems.push(...problemsOfValue(operands[0], operand.name, operand));
  return problems;
}

/** `source`: where the value comes from. */
function problemsOfValue(
  value: string,
  source: string,
  { choices, accepts }: Pick<Option, "choices" | "accepts">,
): readonly string[] {
  if (accepts !== undefined) return accepts.pattern.test(value) ? [] : [`${source} is "${value}"; ${accepts.words}`];
  if (choices === undefined || choices.includes(value)) return [];
  return [`${source} is "${value}"; it is ${choices.join(", ")}${suggestion(value, choices)}`];
}

/** Flags take precedence over variables, and variables over defaults. An empty variable counts as unset, as GitHub sets some. */
function gather(flags: readonly Flag[], variables: Variables, options: readonly Option[], problems: string[]): Given {
  const values: Record<string, string | boolean> = {};
  const sources: Record<string, string> = {};
  for (const option of options) {
    const { name, otherwise, required } = option;
    const all = flags.filter((one) => one.name === name);
    const [flag] = all;
    const variable = (option.variables ?? []).find((one) => (variables[one] ?? "") !== "");
    const source = flag?.raw ?? variable ?? `--${name}`;
    sources[name] = source;
    if (option.value === undefined && option.secret !== true) {
      values[name] = flag !== undefined;
      continue;
    }
    const given = flag === undefined ? undefined : all.map(({ value }) => value ?? "").join("\n");
    const value = given ?? (variable === undefined ? otherwise : variables[variable]);
    if (value !== undefined) {
      values[name] = value;
      problems.push(...problemsOfValue(value, source, option));
    } else if (required === true) problems.push(missing(option));
  }
  return { values, sources };
}

export function missing({ name, value, variables = [], secret }: Option): string {
  if (secret === true) return `${variables.join(" or ")} is not set`;
  const or = variables.length === 0 ? "" : `, or set ${variables.join(" or ")}`;
  return `--${name} is missing: give --${name} ${value ?? ""}${or}`;
}
