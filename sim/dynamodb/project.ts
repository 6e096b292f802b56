// The part of an item that a projection asks for, nested as in the item.
import type { AttributeValue, Item } from "./attribute-value.ts";
import type { Path } from "./tokens.ts";

/** What is absent is left out. */
export function project(item: Item, paths: readonly Path[]): Item {
  const map: Record<string, AttributeValue> = {};
  for (const step of new Set(paths.map(([first = ""]) => first))) {
    const value = Object.hasOwn(item, step) ? item[step] : undefined;
    const inside = paths.filter(([first]) => first === step).map((path) => path.slice(1));
    if (value === undefined) continue;
    if (inside.some((path) => path.length === 0)) map[step] = value;
    else if ("M" in value) {
      const part = project(value.M, inside);
      if (Object.keys(part).length > 0) map[step] = { M: part };
    }
  }
  return map;
}
