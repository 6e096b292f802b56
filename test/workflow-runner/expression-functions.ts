// The functions of GitHub's expressions that depend on their arguments alone.
import { textOf, type Value } from "./expression-value.ts";

const lower = (value: Value | undefined): string => textOf(value ?? null).toLowerCase();

export const functions: Readonly<Record<string, (given: readonly Value[]) => Value>> = {
  contains: ([whole = null, part]) =>
    Array.isArray(whole)
      ? (whole as readonly Value[]).some((one) => lower(one) === lower(part))
      : lower(whole).includes(lower(part)),
  startswith: ([whole, part]) => lower(whole).startsWith(lower(part)),
  endswith: ([whole, part]) => lower(whole).endsWith(lower(part)),
  format: ([pattern = "", ...given]) =>
    textOf(pattern).replaceAll(/\{\{|\}\}|\{(\d+)\}/g, (found, index: string | undefined) =>
      index === undefined ? found.slice(1) : textOf(given[Number(index)] ?? null),
    ),
  join: ([list = null, between = ","]) =>
    Array.isArray(list) ? (list as readonly Value[]).map(textOf).join(textOf(between)) : textOf(list),
  tojson: ([value = null]) => JSON.stringify(value, undefined, 2),
  fromjson: ([text = ""]) => JSON.parse(textOf(text)) as Value,
};
