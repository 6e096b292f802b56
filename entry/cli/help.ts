// Help texts, generated from the commands' definitions; at most 80 columns wide.
import type { Command, Option } from "./command.ts";
import { commonOptions, environmentOption, regionOption } from "./general-options.ts";
import { exitCodeWords } from "./exit-codes.ts";
import type { Sink } from "../words/terminal.ts";
import { wrap } from "../words/wrap.ts";

const [widest, narrowest] = [80, 50];
const widthOn = (sink: Sink): number => Math.max(narrowest, Math.min(widest, sink.columns() ?? widest));

/** A term with its explanation beside it, or below it where the term is too long. */
function entry(term: string, explanation: string, preferred: number, width: number): readonly string[] {
  // Of a narrow one half is left for the explanation.
  const column = Math.min(preferred, Math.floor(width / 2.5));
  const lines = wrap(explanation, width - column);
  const beside = `  ${term}`.length <= column - 2;
  const first = beside
    ? [`  ${term}`.padEnd(column) + (lines[0] ?? "")]
    : [`  ${term}`, " ".repeat(column) + (lines[0] ?? "")];
  return [...first, ...lines.slice(1).map((line) => " ".repeat(column) + line)];
}

const term = ({ name, short, value }: Option): string =>
  `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;

function explanation({ help, variables = [], otherwise, choices, required }: Option): string {
  const notes = [
    ...(choices === undefined ? [] : [choices.join(" | ")]),
    ...(variables.length === 0 ? [] : [variables.join(" or ")]),
    ...(otherwise === undefined || otherwise === "" ? [] : [`default: ${otherwise}`]),
    ...(required === true ? ["required"] : []),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}

const optionLines = (options: readonly Option[], width: number): readonly string[] =>
  options.flatMap((option) => entry(term(option), explanation(option), 32, width));

const synopsis = ({ name, operand }: Command): string => {
  if (operand === undefined) return `runpool ${name} [options]`;
  const word = operand.required ? `<${operand.name}>` : `[${operand.name}]`;
  return `runpool ${name} ${word} [options]`;
};

const ofPlace: ReadonlySet<string> = new Set([environmentOption.name, regionOption.name]);

const exitCodeLines = (width: number): readonly string[] =>
  exitCodeWords.flatMap(([code, words]) => entry(String(code), words, 8, width));

const bold =
  (sink: Sink) =>
  (title: string): string =>
    sink.paint("bold", title);

export interface HelpGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

export function generalHelp(groups: readonly HelpGroup[], sink: Sink): readonly string[] {
  const title = bold(sink);
  const width = widthOn(sink);
  return [
    ...wrap("runpool: pooled runners for GitHub Actions on EC2, in your own AWS account", width),
    "",
    `${title("Usage")}  runpool <command> [options]`,
    "",
    ...groups.flatMap((group) => [
      title(group.title),
      ...group.commands.flatMap(({ name, summary }) => entry(name, summary, 15, width)),
      "",
    ]),
    title("Options of every command"),
    ...optionLines(commonOptions, width),
    "",
    title("Exit codes"),
    ...exitCodeLines(width),
    "",
    "runpool help <command> says more, with examples.",
  ];
}

export function commandHelp(command: Command, sink: Sink): readonly string[] {
  const title = bold(sink);
  const width = widthOn(sink);
  const { summary, details, operand, options, examples } = command;
  const flags = options.filter(({ secret }) => secret !== true);
  const secrets = options.filter(({ secret }) => secret === true);
  const section = (name: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ["", title(name), ...lines];
  return [
    ...wrap(`runpool ${command.name}: ${summary}`, width),
    ...(details === undefined ? [] : ["", ...wrap(details, width)]),
    "",
    `${title("Usage")}  ${synopsis(command)}`,
    ...section("Operand", operand === undefined ? [] : entry(operand.name, operand.help, 32, width)),
    ...section("Options", optionLines(flags, width)),
    ...section(
      "Options of every command",
      optionLines(
        command.placeless === true ? commonOptions.filter(({ name }) => !ofPlace.has(name)) : commonOptions,
        width,
      ),
    ),
    ...section(
      "Environment",
      secrets.flatMap(({ variables = [], help }) => entry(variables.join(", "), help, 32, width)),
    ),
    ...section(
      "Examples",
      examples.map((example) => `  ${example}`),
    ),
    ...section("Exit codes", exitCodeLines(width)),
  ];
}
