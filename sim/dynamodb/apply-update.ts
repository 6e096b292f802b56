// Applies an update expression to an item: every term is computed from the old item, then written.
import { addNumbers } from "./decimal.ts";
import { invalid, typeNames, typeOf, type AttributeValue, type Item } from "./attribute-value.ts";
import type { Term, Update } from "./parse-update.ts";
import { demandDistinct, lookUp, resolvePath, valueOf, type Scope } from "./scope.ts";
import type { Path } from "./tokens.ts";

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
  }
}

/** A copy of the map in which `path` holds `value`, or nothing where `value` is undefined. */
function write(map: Item, path: Path, value: AttributeValue | undefined): Item {
  const [step = "", ...rest] = path;
  const { [step]: present, ...others } = map;
  if (rest.length === 0) return value === undefined ? others : { ...map, [step]: value };
  if (present === undefined || !("M" in present))
    throw invalid("The document path provided in the update expression is invalid for update");
  return { ...map, [step]: { M: write(present.M, rest, value) } };
}

function added(old: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (!old) return value;
  if ("N" in old && "N" in value) return { N: addNumbers(old.N, value.N) };
  throw invalid("An operand in the update expression has an incorrect data type");
}

/** The paths an update touches, resolved. */
export const pathsOf = (update: Update, scope: Scope): Path[] =>
  [...update.set, ...update.add]
    .map(({ path }) => path)
    .concat(update.remove)
    .map((path) => resolvePath(path, scope));

/** Checks what DynamoDB checks before it looks at the item. Throws ValidationException. */
export function checkUpdate(update: Update, scope: Scope): void {
  demandDistinct(pathsOf(update, scope), "UpdateExpression");
  for (const { ref } of update.add) {
    const code = typeOf(valueOf(ref, scope));
    if (code === "N") continue;
    throw invalid(
      `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: ${typeNames[code]}`,
    );
  }
}

/** The item after the update. Throws ValidationException where a path or a type does not fit. */
export function applyUpdate(update: Update, old: Item, scope: Scope): Item {
  const changes = [
    ...update.set.map(({ path, term }) => ({ path, value: compute(term, old, scope) })),
    ...update.add.map(({ path, ref }) => ({
      path,
      value: added(lookUp(old, resolvePath(path, scope)), valueOf(ref, scope)),
    })),
    ...update.remove.map((path) => ({ path, value: undefined })),
  ];
  return changes.reduce((item, { path, value }) => write(item, resolvePath(path, scope), value), old);
}
