// GitHub's expressions (GitHub docs, "Evaluate expressions in workflows and actions"), as far as workflows here use them.
import { functions } from "./expression-functions.ts";
import { numberOf, textOf, truth, type Value } from "./expression-value.ts";

export interface Scope {
  readonly contexts: Readonly<Record<string, Value>>;
  /** `always()`, `success()` and the like, which depend on where they are asked. */
  readonly status?: Readonly<Record<string, () => boolean>>;
}

class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

const token =
  /\s*(?:(?<number>\d+(?:\.\d+)?)|'(?<text>(?:[^']|'')*)'|(?<name>[A-Za-z_][\w-]*)|(?<sign>&&|\|\||==|!=|<=|>=|[<>!().,[\]*]))/y;

interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
}

function tokens(source: string): Token[] {
  const found: Token[] = [];
  token.lastIndex = 0;
  const end = source.trimEnd().length;
  while (token.lastIndex < end) {
    const at = token.lastIndex;
    const groups = token.exec(source)?.groups;
    if (groups === undefined) throw new ExpressionError(`cannot read "${source}" from "${source.slice(at)}"`);
    for (const kind of ["number", "text", "name", "sign"] as const)
      if (groups[kind] !== undefined) found.push({ kind, text: groups[kind] });
  }
  return [...found, { kind: "end", text: "" }];
}

/** Texts compare without regard to case; other kinds as numbers. */
function equal(one: Value, other: Value): boolean {
  if (typeof one === "string" && typeof other === "string") return one.toLowerCase() === other.toLowerCase();
  if (typeof one === typeof other && one !== null && other !== null) return one === other;
  return numberOf(one) === numberOf(other);
}

const compare: Readonly<Record<string, (one: Value, other: Value) => boolean>> = {
  "==": equal,
  "!=": (one, other) => !equal(one, other),
  "<": (one, other) => numberOf(one) < numberOf(other),
  ">": (one, other) => numberOf(one) > numberOf(other),
  "<=": (one, other) => numberOf(one) <= numberOf(other),
  ">=": (one, other) => numberOf(one) >= numberOf(other),
};

function field(value: Value, name: string): Value {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) return (value as readonly Value[])[Number(name)] ?? null;
  const found = Object.keys(value).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : ((value as Record<string, Value>)[found] ?? null);
}

/** Evaluates while it reads: both sides of `&&` and `||` are read, and neither has an effect. */
function reader(source: string, scope: Scope) {
  const rest = tokens(source);
  let at = 0;
  const peek = (): Token => rest[at] as Token;
  const take = (text: string): boolean => peek().kind === "sign" && peek().text === text && ++at > 0;
  const demand = (text: string): void => {
    if (!take(text)) throw new ExpressionError(`"${source}" lacks "${text}" before "${peek().text}"`);
  };
  const either = (): Value => {
    let value = both();
    while (take("||")) {
      const other = both();
      value = truth(value) ? value : other;
    }
    return value;
  };
  const both = (): Value => {
    let value = compared();
    while (take("&&")) {
      const other = compared();
      value = truth(value) ? other : value;
    }
    return value;
  };
  const compared = (): Value => {
    let value = negated();
    for (;;) {
      const sign = Object.keys(compare).find((one) => peek().kind === "sign" && peek().text === one);
      if (sign === undefined) return value;
      at++;
      value = compare[sign]?.(value, negated()) ?? false;
    }
  };
  const negated = (): Value => (take("!") ? !truth(negated()) : member(atom()));
  const member = (start: Value): Value => {
    let value = start;
    for (;;) {
      if (take(".")) value = field(value, rest[at++]?.text ?? "");
      else if (take("[")) {
        value = field(value, textOf(either()));
        demand("]");
      } else return value;
    }
  };
  const atom = (): Value => {
    const { kind, text } = peek();
    if (take("(")) {
      const value = either();
      demand(")");
      return value;
    }
    at++;
    if (kind === "number") return Number(text);
    if (kind === "text") return text.replaceAll("''", "'");
    if (kind !== "name") throw new ExpressionError(`"${source}" has "${text}" where a value should be`);
    if (take("(")) return call(text, args());
    const words: Readonly<Record<string, Value>> = { true: true, false: false, null: null };
    if (Object.hasOwn(words, text)) return words[text] ?? null;
    if (!Object.hasOwn(scope.contexts, text))
      throw new ExpressionError(`"${source}" names ${text}, which is not known here`);
    return scope.contexts[text] ?? null;
  };
  const args = (): Value[] => {
    const given: Value[] = [];
    if (take(")")) return given;
    do given.push(either());
    while (take(","));
    demand(")");
    return given;
  };
  const call = (name: string, given: readonly Value[]): Value => {
    const status = scope.status?.[name];
    if (status !== undefined) return status();
    const known = functions[name.toLowerCase()];
    if (known === undefined) throw new ExpressionError(`"${source}" calls ${name}(), which is not known here`);
    return known(given);
  };
  return {
    whole: (): Value => {
      const value = either();
      if (peek().kind !== "end") throw new ExpressionError(`"${source}" goes on with "${peek().text}"`);
      return value;
    },
  };
}

export const evaluate = (source: string, scope: Scope): Value => reader(source, scope).whole();

const expression = /\$\{\{(.*?)\}\}/gs;

/** Text with `${{ }}` in it; a text that is one expression alone keeps its value's kind. */
export function fill(text: string, scope: Scope): Value {
  const alone = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s.exec(text)?.[1];
  if (alone !== undefined) return evaluate(alone, scope);
  return text.replaceAll(expression, (_, source: string) => textOf(evaluate(source, scope)));
}

/** A condition: the `${{ }}` may be left out, and `success() &&` is meant where it asks for no status. */
export function holds(condition: string | undefined, scope: Scope): boolean {
  const source = condition?.replaceAll(expression, (_, inner: string) => inner) ?? "success()";
  const asks = /\b(always|success|failure|cancelled)\s*\(/.test(source);
  return (asks || (scope.status?.["success"]?.() ?? true)) && truth(evaluate(source, scope));
}
