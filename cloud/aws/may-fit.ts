// What of a pool may fit a request, as a filter of the index's query: a thousand misfits are then counted there, and not sent here.
import type { Fitting } from "../../domain/demand.ts";
import type { Item } from "./attribute-values.ts";

export interface Filter {
  readonly text: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

/** An expression may have 300 operators and 4 KB (Developer Guide, "Constraints"): beyond this the types are left to the reader. */
const mostPatterns = 40;

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
  if (allowedTypes.length === 0 || allowedTypes.length > mostPatterns) return { text, names, values };
  // AND binds closer than OR, and DynamoDB refuses parentheses that are not needed.
  const types = allowedTypes.map((pattern, index) => typeCondition(pattern, index, values));
  return { text: `${text} AND (${types.join(" OR ")})`, names: { ...names, "#type": "instanceType" }, values };
}
