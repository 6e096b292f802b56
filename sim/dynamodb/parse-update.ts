// The grammar of update expressions: SET, REMOVE, ADD, as far as our expressions use it (no arithmetic and no lists in SET, no sets).
import type { Parsed } from "./parse-condition.ts";
import { ExpressionFault, read, type Path, type Reader } from "./tokens.ts";

export type Term =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly ref: string }
  | { readonly kind: "if_not_exists"; readonly path: Path; readonly otherwise: Term };

export interface Update {
  readonly set: readonly { readonly path: Path; readonly term: Term }[];
  readonly remove: readonly Path[];
  readonly add: readonly { readonly path: Path; readonly ref: string }[];
}

function term(reader: Reader): Term {
  if (reader.peek().startsWith(":")) return { kind: "value", ref: reader.value() };
  if (reader.peek(1) !== "(" || reader.peek().startsWith("#")) return { kind: "path", path: reader.path() };
  const name = reader.next();
  if (name !== "if_not_exists") throw new ExpressionFault(`Invalid function name; function: ${name}`);
  reader.expect("(");
  const first = term(reader);
  if (first.kind !== "path") {
    throw new ExpressionFault("Operator or function requires a document path; operator or function: if_not_exists");
  }
  reader.expect(",");
  const otherwise = term(reader);
  reader.expect(")");
  return { kind: "if_not_exists", path: first.path, otherwise };
}

function list<T>(reader: Reader, one: () => T): T[] {
  const all = [one()];
  while (reader.accept(",")) all.push(one());
  return all;
}

const assignment = (reader: Reader) => (): { path: Path; term: Term } => {
  const path = reader.path();
  reader.expect("=");
  return { path, term: term(reader) };
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
    } else reader.fail();
  }
  const body: Update = { set: update.set ?? [], remove: update.remove ?? [], add: update.add ?? [] };
  return { body, names: reader.names, values: reader.values };
}
