// One call of the command line, from its arguments to its exit code.
import { version } from "../../domain/version.ts";
import { readArguments, type Variables } from "./arguments.ts";
import { commandGroups, commands } from "./commands.ts";
import type { Common } from "./general-options.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { report } from "./failures.ts";
import { contextOf } from "./context.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { terminalOn, type Streams } from "../words/terminal.ts";

/** Never rejects. */
export async function run(
  argv: readonly string[],
  variables: Variables,
  streams: Streams = process,
): Promise<ExitCode> {
  // Before parsing, so that even a parse error is shown as requested.
  const terminal = terminalOn(streams, variables, argv.includes("--no-color"));
  const json = argv.includes("--json");
  try {
    const { command, help, version: asksVersion, given } = readArguments(argv, variables, commands);
    if (help || asksVersion || command === undefined) {
      // A call without a command is an error, especially in a script: print help to stderr.
      const sink = help || asksVersion ? terminal.out : terminal.err;
      const words = command === undefined ? generalHelp(commandGroups, sink) : commandHelp(command, sink);
      sink.write(`${(asksVersion ? [version] : words).join("\n")}\n`);
      return help || asksVersion ? exitCodes.done : exitCodes.refused;
    }
    return await command.run(given, contextOf(given.values as Common, terminal, commandGroups));
  } catch (error) {
    return report(error, terminal, json);
  }
}
