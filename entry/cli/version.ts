// `runpool version`.
import * as z from "zod/mini";
import { version } from "../../domain/version.ts";
import { command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

export const versionCommand = command({
  name: "version",
  summary: "print the version",
  options: [],
  examples: ["runpool version", "runpool version --json"],
  placeless: true,
  schema: z.object({}),
  run: async (_input, context) => {
    context.result({ version, node: process.version }, () => [version]);
    return exitCodes.done;
  },
});
