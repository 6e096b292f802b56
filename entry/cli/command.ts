// A command of the command line: its help and completion texts, the schema of its input, what it does.
import type * as z from "zod/mini";
import { BadInput } from "../words/bad-input.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Context } from "./context.ts";

export interface Option {
  /** `--name`. */
  readonly name: string;
  readonly short?: string;
  /** The placeholder of its value in help; a flag without one is a switch. */
  readonly value?: string;
  /** Environment variables, tried in this order if the flag is absent. */
  readonly variables?: readonly string[];
  /** Read from its variables only, and never shown: command lines are visible to every process. */
  readonly secret?: boolean;
  readonly otherwise?: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
  /** It may be given more than once: its value is all of them, a line each. */
  readonly repeats?: true;
  readonly help: string;
}

export interface Operand {
  readonly name: string;
  readonly help: string;
  readonly required: boolean;
  readonly choices?: readonly string[];
}

/** The values by option name, from flags, variables and defaults. */
export interface Given {
  readonly values: Readonly<Record<string, string | boolean>>;
  /** Where each value comes from, for errors: `--attempt`, or `GITHUB_RUN_ATTEMPT`. */
  readonly sources: Readonly<Record<string, string>>;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Further text of its own help. */
  readonly details?: string;
  readonly operand?: Operand;
  readonly options: readonly Option[];
  readonly examples: readonly string[];
  /** It needs no environment: its help omits those options. */
  readonly placeless?: true;
  run(given: Given, context: Context): Promise<ExitCode>;
}

export interface CommandSpec<Schema extends z.core.$ZodObject> extends Omit<Command, "run"> {
  /** Its keys are the names of the options and of the operand. */
  readonly schema: Schema;
  run(input: z.output<Schema>, context: Context, given: Given): Promise<ExitCode>;
}

export const command = <Schema extends z.ZodMiniObject>(spec: CommandSpec<Schema>): Command => {
  const { schema, ...words } = spec;
  return { ...words, run: (given, context) => spec.run(read(schema, given, words.name), context, given) };
};

/** Parses the values given to `command`. Throws BadInput with all problems; each names the value and where it comes from. */
export function read<Schema extends z.ZodMiniObject>(schema: Schema, given: Given, command: string): z.output<Schema> {
  const parsed = schema.safeParse(given.values);
  if (parsed.success) return parsed.data;
  throw new BadInput(
    parsed.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      return `${given.sources[name] ?? `--${name}`} is "${String(given.values[name] ?? "")}"; ${message}`;
    }),
    command,
  );
}
