// The grammar of update expressions: SET, REMOVE, ADD, DELETE.
import type { Parsed } from "./parse-condition.ts";
import { ExpressionFault, read, type Path, type Reader } from "./tokens.ts";

export type Term =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly ref: string }
  | { readonly kind: "if_not_exists"; readonly path: Path; readonly otherwise: Term }
  | { readonly kind: "list_append"; readonly left: Term; readonly right: Term }
  | { readonly kind: "plus" | "minus"; readonly left: Term; readonly right: Term };

export interface Update {
  readonly set: readonly { readonly path: Path; readonly term: Term }[];
  readonly remove: readonly Path[];
  readonly add: readonly { readonly path: Path; readonly ref: string }[];
  readonly delete: readonly { readonly path: Path; readonly ref: string }[];
}

function call(reader: Reader): Term {
  const name = reader.next();
  reader.expect("(");
  if (name === "if_not_exists") {
    const first = term(reader);
    if (first.kind !== "path") {
      throw new ExpressionFault("Operator or function requires a document path; operator or function: if_not_exists");
    }
    reader.expect(",");
    const otherwise = term(reader);
    reader.expect(")");
    return { kind: "if_not_exists", path: first.path, otherwise };
  }
  if (name !== "list_append") throw new ExpressionFault(`Invalid function name; function: ${name}`);
  const left = term(reader);
  reader.expect(",");
  const right = term(reader);
  reader.expect(")");
  return { kind: "list_append", left, right };
}

function term(reader: Reader): Term {
  if (reader.accept("(")) {
    const inner = sum(reader);
    reader.expect(")");
    return inner;
  }
  if (reader.peek().startsWith(":")) return { kind: "value", ref: reader.value() };
  if (reader.peek(1) === "(" && !reader.peek().startsWith("#")) return call(reader);
  return { kind: "path", path: reader.path() };
}

function sum(reader: Reader): Term {
  const left = term(reader);
  if (reader.accept("+")) return { kind: "plus", left, right: term(reader) };
  if (reader.accept("-")) return { kind: "minus", left, right: term(reader) };
  return left;
}

function list<T>(reader: Reader, one: () => T): T[] {
  const all = [one()];
  while (reader.accept(",")) all.push(one());
  return all;
}

const assignment = (reader: Reader) => (): { path: Path; term: Term } => {
  const path = reader.path();
  reader.expect("=");
  return { path, term: sum(reader) };
};

const withValue = (reader: Reader) => (): { path: Path; ref: string } => ({
  path: reader.path(),
  ref: reader.value(),
});

export function parseUpdate(text: string): Parsed<Update> {
  const reader = read(text);
  const update: { -readonly [section in keyof Update]?: Update[section] } = {};
  if (reader.peek() === "") reader.fail();
  const once = (section: keyof Update): void => {
    if (!update[section]) return;
    throw new ExpressionFault(`The "${section.toUpperCase()}" section can only be used once in an update expression;`);
  };
  while (reader.peek() !== "") {
    if (reader.accept("SET")) {
      once("set");
      update.set = list(reader, assignment(reader));
    } else if (reader.accept("REMOVE")) {
      once("remove");
      update.remove = list(reader, () => reader.path());
    } else if (reader.accept("ADD")) {
      once("add");
      update.add = list(reader, withValue(reader));
    } else if (reader.accept("DELETE")) {
      once("delete");
      update.delete = list(reader, withValue(reader));
    } else reader.fail();
  }
  const body: Update = {
    set: update.set ?? [],
    remove: update.remove ?? [],
    add: update.add ?? [],
    delete: update.delete ?? [],
  };
  return { body, names: reader.names, values: reader.values };
}
