// One call of the command line, from its words to its exit code.
import { version } from "../../domain/version.ts";
import { readArguments, type Variables } from "./arguments.ts";
import { read } from "./command.ts";
import { commandGroups, commands } from "./commands.ts";
import { commonSchema } from "./general-options.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { report } from "./failures.ts";
import { groundOf } from "./ground.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { terminalOn, type Streams } from "../words/terminal.ts";

/** Never rejects. */
export async function run(
  argv: readonly string[],
  variables: Variables,
  streams: Streams = process,
): Promise<ExitCode> {
  // Looked at before anything is known to be right: even an error is to be shown as was asked.
  const terminal = terminalOn(streams, variables, argv.includes("--no-color"));
  const json = argv.includes("--json");
  try {
    const { command, help, version: asksVersion, given } = readArguments(argv, variables, commands);
    if (help || asksVersion || command === undefined) {
      // A call without a command is a mistake, in a script above all: the help goes where errors go.
      const sink = help || asksVersion ? terminal.out : terminal.err;
      const words = command === undefined ? generalHelp(commandGroups, sink) : commandHelp(command, sink);
      sink.write(`${(asksVersion ? [version] : words).join("\n")}\n`);
      return help || asksVersion ? exitCodes.done : exitCodes.refused;
    }
    return await command.run(given, groundOf(read(commonSchema, given, command.name), terminal, commandGroups));
  } catch (error) {
    return report(error, terminal, json);
  }
}
