// What every Describe call shares: filters with wildcards, and pages.
import { shortPage } from "../http/protocols.ts";
import { AwsFault } from "../http/service.ts";
import { invalid, number, required, structures, text, texts } from "./input.ts";
import type { Input } from "./input.ts";
import type { Tags } from "./world.ts";

/** The values that a filter's name has for one resource, or undefined when no such filter exists. */
export type FilterFacts = (name: string) => readonly (string | undefined)[] | undefined;

const matches = (pattern: string, value: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "s",
  ).test(value);

/** `tag:K`, `tag-key` and `tag-value` of any resource. */
export const tagFacts = (name: string, tags: Tags): readonly (string | undefined)[] | undefined => {
  if (name.startsWith("tag:")) return [tags.get(name.slice(4))];
  if (name === "tag-key") return [...tags.keys()];
  return name === "tag-value" ? [...tags.values()] : undefined;
};

/** Those resources that every filter of the request matches: any of a filter's values, all of the filters. */
export function filtered<T>(input: Input, resources: readonly T[], facts: (resource: T) => FilterFacts): T[] {
  const filters = structures(input, "Filter").map((filter) => ({
    name: required(filter, "Name"),
    values: texts(filter, "Value"),
  }));
  return resources.filter((resource) =>
    filters.every(({ name, values }) => {
      const actual = facts(resource)(name);
      if (actual === undefined) throw invalid(`The filter '${name}' is invalid`);
      return actual.some((value) => value !== undefined && values.some((pattern) => matches(pattern, value)));
    }),
  );
}

export interface Page<T> {
  readonly entries: readonly T[];
  readonly nextToken: string | undefined;
}

/** One page, by MaxResults and NextToken. The token is an offset: entries that vanish in between shift the pages. */
export function page<T>(input: Input, entries: readonly T[], limits: { min: number; max: number }): Page<T> {
  const size = number(input, "MaxResults");
  if (size !== undefined && (size < limits.min || size > limits.max))
    throw invalid(
      `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value between ${limits.min} and ${limits.max}.`,
    );
  const token = text(input, "NextToken");
  const start = token === undefined ? 0 : Number(/^page-(\d+)$/.exec(Buffer.from(token, "base64").toString())?.[1]);
  if (!Number.isInteger(start)) throw new AwsFault("InvalidNextToken", `The token '${token}' is invalid`);
  const end = start + Math.min(size ?? entries.length, number(input, shortPage) ?? entries.length);
  return {
    entries: entries.slice(start, end),
    nextToken: end < entries.length ? Buffer.from(`page-${end}`).toString("base64") : undefined,
  };
}
