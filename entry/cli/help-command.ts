// `runpool help [command]`.
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { suggestion } from "../../domain/nearest.ts";

export const helpCommand = command({
  name: "help",
  summary: "show help, in general or for one command",
  operand: { name: "command", help: "the command to explain", required: false },
  options: [],
  examples: ["runpool help", "runpool help provision"],
  placeless: true,
  run: async ({ command: name }, { commands, groups, terminal: { out } }) => {
    const one = commands.find((known) => known.name === name);
    if (name !== undefined && one === undefined) {
      const names = commands.map((known) => known.name);
      throw new BadInput([`unknown command "${name}"${suggestion(name, names)}`], "");
    }
    out.write(`${(one === undefined ? generalHelp(groups, out) : commandHelp(one, out)).join("\n")}\n`);
    return exitCodes.done;
  },
});
