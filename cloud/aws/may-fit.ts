// What of a pool may fit a request, as a filter of the index's query: a thousand misfits are then counted there, and not sent here.
import type { Fitting } from "../../domain/demand.ts";
import type { Item } from "./attribute-values.ts";

export interface Filter {
  readonly text: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

/**
 * An expression may have 300 operators and 4 KB (Developer Guide, "Constraints"), and none of ours is shorter than eight characters: a
 * longer one is left out, and the types are left to the reader.
 */
const mostCharacters = 2_000;

/** A wildcard's fixed parts: where it begins, and what it holds. It lets pass more than the pattern does, never less. */
function typeCondition(pattern: string, index: number, values: Item): string {
  const value = (part: string, place: number): string => {
    const name = `:t${index}p${place}`;
    values[name] = { S: part };
    return name;
  };
  if (!pattern.includes("*")) return `#type = ${value(pattern, 0)}`;
  const [first = "", ...rest] = pattern.split("*");
  const parts = rest.map((part, at) => (part === "" ? "" : `contains(#type, ${value(part, at + 1)})`));
  const begins = first === "" ? "" : `begins_with(#type, ${value(first, 0)})`;
  const all = [begins, ...parts].filter((condition) => condition !== "");
  return all.length === 0 ? "attribute_exists(#type)" : all.join(" AND ");
}

/** Excludes what cannot fit; the domain's `misfitOf` decides about the rest. */
export function mayFit({ usageClass, minimum, allowedTypes }: Fitting): Filter {
  const values: Item = {
    ":usage": { S: usageClass },
    ":cpu": { N: String(minimum.cpu) },
    ":mmem": { N: String(minimum.mmem) },
  };
  const names = { "#usage": "usageClass", "#cpu": "cpu", "#mmem": "mmem" };
  const text = "#usage = :usage AND #cpu >= :cpu AND #mmem >= :mmem";
  const parts: Item = {};
  // AND binds closer than OR, and DynamoDB refuses parentheses that are not needed.
  const types = allowedTypes.map((pattern, index) => typeCondition(pattern, index, parts)).join(" OR ");
  if (types === "" || types.length > mostCharacters) return { text, names, values };
  const allNames = { ...names, "#type": "instanceType" };
  return { text: `${text} AND (${types})`, names: allNames, values: { ...values, ...parts } };
}
