// `runpool version`.
import { version } from "../../domain/version.ts";
import { command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

export const versionCommand = command({
  name: "version",
  summary: "print the version",
  options: [],
  examples: ["runpool version", "runpool version --json"],
  placeless: true,
  run: async (_input, context) => {
    context.result({ version, node: process.version }, () => [version]);
    return exitCodes.done;
  },
});
