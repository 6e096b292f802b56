// The part of an item that a projection asks for, nested as in the item.
import type { AttributeValue, Item } from "./attribute-value.ts";
import type { Path } from "./tokens.ts";

function part(value: AttributeValue | undefined, paths: readonly Path[]): AttributeValue | undefined {
  if (value === undefined || paths.some((path) => path.length === 0)) return value;
  if ("M" in value) {
    const map: Record<string, AttributeValue> = {};
    for (const step of new Set(paths.map((path) => path[0]))) {
      if (typeof step !== "string" || !Object.hasOwn(value.M, step)) continue;
      const found = part(value.M[step], inside(paths, step));
      if (found) map[step] = found;
    }
    return Object.keys(map).length > 0 ? { M: map } : undefined;
  }
  if (!("L" in value)) return undefined;
  const steps = [...new Set(paths.map((path) => path[0]))].filter((step) => typeof step === "number");
  const list = steps
    .sort((a, b) => a - b)
    .map((step) => part(value.L[step], inside(paths, step)))
    .filter((member) => member !== undefined);
  return list.length > 0 ? { L: list } : undefined;
}

const inside = (paths: readonly Path[], step: string | number): Path[] =>
  paths.filter((path) => path[0] === step).map((path) => path.slice(1));

/** Chosen list elements move together; what is absent is left out. */
export function project(item: Item, paths: readonly Path[]): Item {
  const found = part({ M: item }, paths);
  return found && "M" in found ? found.M : {};
}
