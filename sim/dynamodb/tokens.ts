// Splits a DynamoDB expression into tokens, and reads the parts that all grammars share: paths, names, values.
import { reservedWords } from "./reserved-words.ts";

/** A document path: attribute names (or `#placeholders`). None of our expressions names a list member. */
export type Path = readonly string[];

/** What is wrong with an expression; the caller names the parameter it came in. */
export class ExpressionFault extends Error {}

/** A reader over the tokens, which notes the placeholders it met. */
export interface Reader {
  /** The next token as written, or "" at the end. */
  peek(ahead?: number): string;
  next(): string;
  /** Consumes the next token if it is this (key words in any case). */
  accept(token: string): boolean;
  expect(token: string): void;
  path(): Path;
  /** A `:value` placeholder. */
  value(): string;
  fail(): never;
  readonly names: Set<string>;
  readonly values: Set<string>;
}

const pattern = /\s+|<>|<=|>=|[=<>(),.]|[#:][A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*/y;
const word = /^[A-Za-z_][A-Za-z0-9_]*$/;

function split(text: string): string[] {
  const tokens: string[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const token = pattern.exec(text)?.[0];
    if (token === undefined) {
      const near = tokens.at(-1) ?? "";
      throw new ExpressionFault(
        `Syntax error; token: "${text[start]}", near: "${near}${text.slice(start, start + 2)}"`,
      );
    }
    if (token.trim() !== "") tokens.push(token);
  }
  return tokens;
}

export function read(text: string): Reader {
  const tokens = split(text);
  let at = 0;
  const names = new Set<string>();
  const values = new Set<string>();
  const peek = (ahead = 0): string => tokens[at + ahead] ?? "";
  const fail = (): never => {
    const token = peek() === "" ? "<EOF>" : peek();
    const near = [tokens[at - 1], tokens[at], tokens[at + 1]].filter((t) => t !== undefined).join(" ");
    throw new ExpressionFault(`Syntax error; token: "${token}", near: "${near}"`);
  };
  const next = (): string => tokens[at++] ?? fail();
  const accept = (token: string): boolean => {
    if (peek().toUpperCase() !== token) return false;
    at += 1;
    return true;
  };
  const expect = (token: string): void => {
    if (!accept(token)) fail();
  };
  const name = (): string => {
    const token = peek();
    if (token.startsWith("#")) names.add(token);
    else if (!word.test(token)) fail();
    else if (reservedWords.has(token.toUpperCase())) {
      throw new ExpressionFault(`Attribute name is a reserved keyword; reserved keyword: ${token}`);
    }
    return next();
  };
  const path = (): Path => {
    const steps = [name()];
    while (accept(".")) steps.push(name());
    return steps;
  };
  const value = (): string => {
    if (!peek().startsWith(":")) fail();
    values.add(peek());
    return next();
  };
  return { peek, next, accept, expect, path, value, fail, names, values };
}
