// GitHub's expressions as far as the example workflows use them: JavaScript's, but for names with a dash. An unknown context or function is an error.
import { runInNewContext } from "node:vm";

export interface Scope {
  readonly contexts: Readonly<Record<string, unknown>>;
  /** Whether all went well so far. */
  readonly ok?: boolean;
}

const textOf = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : String((value as string | number | boolean | undefined) ?? "");

const format = (pattern: string, ...given: readonly unknown[]): string =>
  pattern.replaceAll(/\{(\d+)\}/g, (_, at: string) => textOf(given[Number(at)]));

function evaluate(source: string, { contexts, ok = true }: Scope): unknown {
  const script = source.replaceAll(/'[^']*'|\.([\w-]+)/g, (whole, name: string | undefined) =>
    name === undefined ? whole : `[${JSON.stringify(name)}]`,
  );
  const status = { always: () => true, success: () => ok, failure: () => !ok };
  return runInNewContext(script, { ...contexts, ...status, format });
}

const expression = /\$\{\{(.*?)\}\}/gs;

/** Text with its `${{ }}` replaced by what they come to. */
export const fill = (text: unknown, scope: Scope): string =>
  String(text).replaceAll(expression, (_, source: string) => textOf(evaluate(source, scope)));

export const fillAll = (texts: Readonly<Record<string, unknown>>, scope: Scope): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text, scope)]));

/** A condition: the `${{ }}` may be left out, and `success() &&` is meant where it asks for no status. */
export function holds(condition: string | undefined, scope: Scope): boolean {
  const source = condition?.replaceAll(expression, (_, inner: string) => inner) ?? "success()";
  const asks = /\b(always|success|failure)\(/.test(source);
  return (asks || scope.ok !== false) && Boolean(evaluate(source, scope));
}
