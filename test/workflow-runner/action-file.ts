// action.yml as the runner reads it: inputs with their defaults, and the programs of main and post.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { fill, type Scope } from "./expression.ts";

export interface ActionFile {
  readonly name: string;
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly default?: string; readonly required?: boolean }>
  >;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: { readonly using: string; readonly main: string; readonly post: string };
}

export const projectRoot = join(import.meta.dirname, "../..");

export const readActionFile = (): ActionFile =>
  parse(readFileSync(join(projectRoot, "action.yml"), "utf8")) as ActionFile;

/** `INPUT_*` of a step: what its `with:` says, over the defaults; an input that is not declared is an error, where GitHub warns. */
export function inputVariables(
  { inputs }: ActionFile,
  given: Readonly<Record<string, string>>,
  scope: Scope,
): Readonly<Record<string, string>> {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(inputs, name));
  if (unknown.length > 0) throw new Error(`action.yml declares no input ${unknown.join(", ")}`);
  const lacking = Object.entries(inputs).filter(
    ([name, { required }]) => required === true && given[name] === undefined,
  );
  if (lacking.length > 0) throw new Error(`the input ${lacking.map(([name]) => name).join(", ")} is required`);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { default: otherwise = "" }]) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      given[name] ?? fill(otherwise, scope),
    ]),
  );
}
