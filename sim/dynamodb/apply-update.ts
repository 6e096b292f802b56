// Applies an update expression to an item: every term is computed from the old item, then written.
import { addNumbers } from "./decimal.ts";
import { invalid, typeNames, typeOf, type AttributeValue, type Item, type TypeCode } from "./attribute-value.ts";
import type { Term, Update } from "./parse-update.ts";
import { demandDistinct, lookUp, resolvePath, valueOf, type Scope } from "./scope.ts";
import type { Path } from "./tokens.ts";

const badPath = (): Error => invalid("The document path provided in the update expression is invalid for update");
const badType = (): Error => invalid("An operand in the update expression has an incorrect data type");

function compute(term: Term, old: Item, scope: Scope): AttributeValue {
  switch (term.kind) {
    case "value":
      return valueOf(term.ref, scope);
    case "path": {
      const value = lookUp(old, resolvePath(term.path, scope));
      if (!value) throw invalid("The provided expression refers to an attribute that does not exist in the item");
      return value;
    }
    case "if_not_exists":
      return lookUp(old, resolvePath(term.path, scope)) ?? compute(term.otherwise, old, scope);
    case "list_append": {
      const [left, right] = [compute(term.left, old, scope), compute(term.right, old, scope)];
      if (!("L" in left && "L" in right)) throw badType();
      return { L: [...left.L, ...right.L] };
    }
    case "plus":
    case "minus": {
      const [left, right] = [compute(term.left, old, scope), compute(term.right, old, scope)];
      if (!("N" in left && "N" in right)) throw badType();
      return { N: addNumbers(left.N, right.N, term.kind === "plus" ? 1 : -1) };
    }
  }
}

/** A copy of `here` in which `path` holds `value`, or nothing where `value` is undefined. */
function written(here: AttributeValue | undefined, path: Path, value: AttributeValue | undefined): AttributeValue {
  const [step, ...rest] = path;
  if (here === undefined || step === undefined) throw badPath();
  if (typeof step === "number") {
    if (!("L" in here)) throw badPath();
    const list = [...here.L];
    if (rest.length > 0) list[step] = written(list[step], rest, value);
    else if (value === undefined) list.splice(step, 1);
    else if (step < list.length) list[step] = value;
    else list.push(value);
    return { L: list };
  }
  if (!("M" in here)) throw badPath();
  const { [step]: present, ...others } = here.M;
  if (rest.length > 0) return { M: { ...here.M, [step]: written(present, rest, value) } };
  return { M: value === undefined ? others : { ...here.M, [step]: value } };
}

const write = (item: Item, path: Path, value: AttributeValue | undefined): Item =>
  (written({ M: item }, path, value) as { M: Item }).M;

const members = (value: AttributeValue): readonly string[] => Object.values(value)[0] as readonly string[];
const isSet = (code: TypeCode): boolean => code === "SS" || code === "NS" || code === "BS";

function added(old: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (!old) return value;
  if ("N" in old && "N" in value) return { N: addNumbers(old.N, value.N, 1) };
  const code = typeOf(value);
  if (code === "N" || typeOf(old) !== code) throw badType();
  return { [code]: [...new Set([...members(old), ...members(value)])] } as unknown as AttributeValue;
}

/** The set without the given members; undefined when nothing is left. */
function deleted(old: AttributeValue | undefined, value: AttributeValue): AttributeValue | undefined {
  if (!old) return undefined;
  const code = typeOf(value);
  if (typeOf(old) !== code) throw badType();
  const gone = members(value);
  const left = members(old).filter((member) => !gone.includes(member));
  return left.length > 0 ? ({ [code]: left } as unknown as AttributeValue) : undefined;
}

/** The paths an update touches, resolved. */
export const pathsOf = (update: Update, scope: Scope): Path[] =>
  [...update.set, ...update.add, ...update.delete]
    .map(({ path }) => path)
    .concat(update.remove)
    .map((path) => resolvePath(path, scope));

/** Checks what DynamoDB checks before it looks at the item. Throws ValidationException. */
export function checkUpdate(update: Update, scope: Scope): void {
  demandDistinct(pathsOf(update, scope), "UpdateExpression");
  const demand = (operator: string, ref: string, fits: (code: TypeCode) => boolean): void => {
    const code = typeOf(valueOf(ref, scope));
    if (fits(code)) return;
    throw invalid(
      `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ${operator}, operand type: ${typeNames[code]}`,
    );
  };
  for (const { ref } of update.add) demand("ADD", ref, (code) => code === "N" || isSet(code));
  for (const { ref } of update.delete) demand("DELETE", ref, isSet);
  const demandTerm = (term: Term): void => {
    if (!("left" in term)) return;
    const wanted = term.kind === "list_append" ? "L" : "N";
    const operator = term.kind === "plus" ? "+" : term.kind === "minus" ? "-" : term.kind;
    for (const side of [term.left, term.right]) {
      if (side.kind === "value") demand(operator, side.ref, (code) => code === wanted);
      else demandTerm(side);
    }
  };
  for (const { term } of update.set) demandTerm(term);
}

/** Later list indexes first, so that removing one does not move the next. */
const lastFirst = (a: Path, b: Path): number => {
  const at = a.findIndex((step, i) => step !== b[i]);
  const [x, y] = [a[at], b[at]];
  return typeof x === "number" && typeof y === "number" ? y - x : 0;
};

/** The item after the update. Throws ValidationException where a path or a type does not fit. */
export function applyUpdate(update: Update, old: Item, scope: Scope): Item {
  const at = ({ path }: { path: Path }): Path => resolvePath(path, scope);
  const terms = update.set.map((one) => ({ path: at(one), value: compute(one.term, old, scope) }));
  let item = old;
  for (const { path, value } of terms) item = write(item, path, value);
  for (const one of update.add) {
    const path = at(one);
    item = write(item, path, added(lookUp(old, path), valueOf(one.ref, scope)));
  }
  for (const one of update.delete) {
    const path = at(one);
    if (path.length === 1 && !lookUp(old, path)) continue;
    item = write(item, path, deleted(lookUp(old, path), valueOf(one.ref, scope)));
  }
  const removed = update.remove.map((path) => resolvePath(path, scope)).sort(lastFirst);
  for (const path of removed) item = write(item, path, undefined);
  return item;
}
