// A command of the command line: its options with their help and what they accept, and what it does.
import type { ExitCode } from "./exit-codes.ts";
import type { Context } from "./context.ts";

/** What a value must be like, and what an error says of it: `it is a whole number`. */
export interface Accepts {
  readonly pattern: { test(text: string): boolean };
  readonly words: string;
}

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
  /** Offered by help and completion; its value must be one of them, unless `accepts` says otherwise. */
  readonly choices?: readonly string[];
  readonly accepts?: Accepts;
  /** It may be given more than once: its value is all of them, a line each. */
  readonly repeats?: true;
  readonly help: string;
}

export interface Operand {
  readonly name: string;
  readonly help: string;
  readonly required: boolean;
  readonly choices?: readonly string[];
  readonly accepts?: Accepts;
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

/** What a command's function gets by name: a switch is there or not, a value is text, and absent only where nothing stands for it. */
export type ValuesOf<All extends Option> = {
  readonly [One in All as One["name"]]: One extends { readonly value: string } | { readonly secret: true }
    ? TextOf<One> | (One extends { readonly required: true } | { readonly otherwise: string } ? never : undefined)
    : boolean;
};
type TextOf<One> = One extends { readonly choices: readonly (infer Choice)[] } ? Choice : string;
type OperandOf<One extends Operand> = {
  readonly [Name in One["name"]]: TextOf<One> | (One["required"] extends true ? never : undefined);
};

interface CommandSpec<All extends Option, One extends Operand> extends Omit<Command, "run"> {
  readonly operand?: One;
  readonly options: readonly All[];
  run(input: ValuesOf<All> & OperandOf<One>, context: Context, given: Given): Promise<ExitCode>;
}

/** `readArguments` has checked what is given against the options and the operand, from whose text the type of `input` comes. */
export const command = <const All extends Option = never, const One extends Operand = never>(
  spec: CommandSpec<All, One>,
): Command => ({
  ...spec,
  run: (given, context) => spec.run(given.values as ValuesOf<All> & OperandOf<One>, context, given),
});
