// What a command of the command line is: its words for help and completion, the schema of its input, what it does.
import type * as z from "zod/mini";
import { BadInput } from "../words/bad-input.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Ground } from "./ground.ts";

export interface Option {
  /** `--name`. */
  readonly name: string;
  readonly short?: string;
  /** What its value is called in help; a switch has none. */
  readonly value?: string;
  /** Environment variables, asked in this order where the flag is absent. */
  readonly variables?: readonly string[];
  /** Taken from its variables only, and never shown: a secret on a command line is seen by every process. */
  readonly secret?: boolean;
  readonly otherwise?: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
  readonly help: string;
}

export interface Operand {
  readonly name: string;
  readonly help: string;
  readonly required: boolean;
  readonly choices?: readonly string[];
}

/** What was given, by option name: from flags, variables and defaults. */
export interface Given {
  readonly values: Readonly<Record<string, string | boolean>>;
  /** Where each value comes from, as an error names it: `--attempt`, or `GITHUB_RUN_ATTEMPT`. */
  readonly sources: Readonly<Record<string, string>>;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** More for its own help. */
  readonly details?: string;
  readonly operand?: Operand;
  readonly options: readonly Option[];
  readonly examples: readonly string[];
  /** It is about no environment: its help leaves out where that is. */
  readonly placeless?: true;
  run(given: Given, ground: Ground): Promise<ExitCode>;
}

export interface CommandSpec<Schema extends z.core.$ZodObject> extends Omit<Command, "run"> {
  /** Its keys are the names of the options and of the operand. */
  readonly schema: Schema;
  run(input: z.output<Schema>, ground: Ground, given: Given): Promise<ExitCode>;
}

export const command = <Schema extends z.ZodMiniObject>(spec: CommandSpec<Schema>): Command => {
  const { schema, ...words } = spec;
  return { ...words, run: (given, ground) => spec.run(read(schema, given, words.name), ground, given) };
};

/** The one reading of what was given to `command`. Throws BadInput with every problem, each naming the value and where it stands. */
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
