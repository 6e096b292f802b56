// docs/commands.md as text: the command line's commands, options and exit codes, printed from their own words.
import type { Command, Option } from "../../entry/cli/command.ts";
import { commands } from "../../entry/cli/commands.ts";
import { exitCodeWords } from "../../entry/cli/exit-codes.ts";
import { commonOptions } from "../../entry/cli/general-options.ts";

const notesOf = ({ choices, variables = [], otherwise = "", required }: Option): readonly string[] => [
  ...(choices === undefined ? [] : [choices.map((choice) => `\`${choice}\``).join(" or ")]),
  ...(variables.length === 0 ? [] : [`else ${variables.map((name) => `\`${name}\``).join(", ")}`]),
  ...(otherwise === "" ? [] : [`default \`${otherwise}\``]),
  ...(required === true ? ["required"] : []),
];

/** What Markdown would take for its own. */
const plain = (text: string): string => text.replaceAll(/([*<>])/g, String.raw`\$1`);
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
const sentence = (text: string): string => (/[.…)]$/.test(text) ? text : `${text}.`);

function entry(option: Option): string {
  const { name, short, value, help } = option;
  const term = `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
  const notes = notesOf(option);
  return `- \`${term}\`: ${sentence(plain(help))}${notes.length === 0 ? "" : ` (${capital(notes.join("; "))}.)`}`;
}

function* section({ name, summary, details, operand, options, examples }: Command): Generator<string> {
  yield "";
  yield `## ${name}`;
  yield "";
  yield `${sentence(capital(plain(summary)))}${details === undefined ? "" : ` ${plain(details)}`}`;
  if (examples.length > 0) {
    yield "";
    yield "```sh";
    yield* examples;
    yield "```";
  }
  const flags = options.filter(({ secret }) => secret !== true);
  if (operand !== undefined || options.length > 0) yield "";
  if (operand !== undefined)
    yield `- \`${operand.required ? operand.name.toUpperCase() : `[${operand.name.toUpperCase()}]`}\`: ${sentence(plain(operand.help))}`;
  for (const option of flags) yield entry(option);
  for (const { variables = [], help, secret } of options)
    if (secret === true) yield `- The variable \`${variables.join("`, `")}\`: ${sentence(plain(help))}`;
}

function* page(): Generator<string> {
  yield "# Commands";
  yield "";
  yield "<!-- Generated from entry/cli: `npm run docs` writes it, a test compares it. -->";
  yield "";
  yield "What `runpool help` and `runpool help COMMAND` say, on one page. When to use which: [run-book.md](run-book.md), [monitoring.md](monitoring.md).";
  yield "";
  yield "Options of every command:";
  yield "";
  for (const option of commonOptions) yield entry(option);
  yield "";
  yield "Exit codes:";
  yield "";
  for (const [code, words] of exitCodeWords) yield `- \`${code}\`: ${sentence(words)}`;
  for (const command of commands) yield* section(command);
}

/** docs/commands.md. */
export const commandsPage = (): string => `${[...page()].join("\n")}\n`;
