// Reads a decoded Query input: everything is text, lists and structures there; a wrong or absent value is EC2's own error.
import { AwsFault } from "../http/service.ts";

export type Input = Readonly<Record<string, unknown>>;

export const invalid = (message: string): AwsFault => new AwsFault("InvalidParameterValue", message);

export function text(input: Input | undefined, key: string): string | undefined {
  const value = input?.[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw invalid(`Invalid value for parameter ${key}.`);
}

export function required(input: Input, key: string): string {
  const value = text(input, key);
  if (value === undefined || value === "")
    throw new AwsFault("MissingParameter", `The request must contain the parameter ${key}`);
  return value;
}

export function number(input: Input | undefined, key: string): number | undefined {
  const value = text(input, key);
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed))
    throw invalid(`Value (${value}) for parameter ${key} is invalid.`);
  return parsed;
}

export const flag = (input: Input | undefined, key: string): boolean | undefined => {
  const value = text(input, key);
  return value === undefined ? undefined : value.toLowerCase() === "true";
};

export const unmodelled = (what: string): AwsFault =>
  new AwsFault("UnsupportedOperation", `The embedded cloud does not model ${what}.`);

/** What is not modelled is refused, never ignored. */
export function refuse(input: Input | undefined, keys: readonly string[]): void {
  const found = keys.find((key) => (input?.[key] ?? "") !== "");
  if (found !== undefined) throw unmodelled(found);
}

const isStructure = (value: unknown): value is Input =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function structure(input: Input | undefined, key: string): Input | undefined {
  const value = input?.[key];
  if (value === undefined || value === "") return undefined;
  if (!isStructure(value)) throw invalid(`Invalid value for parameter ${key}.`);
  return value;
}

/** A list; absent is empty, and a lone value (no numbered key on the wire) is a list of one. */
const list = (input: Input | undefined, key: string): readonly unknown[] => {
  const value = input?.[key];
  if (value === undefined || value === "") return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
};

export const texts = (input: Input | undefined, key: string): string[] =>
  list(input, key).map((value) => String(value));

export const structures = (input: Input | undefined, key: string): Input[] =>
  list(input, key).map((value) => {
    if (!isStructure(value)) throw invalid(`Invalid value for parameter ${key}.`);
    return value;
  });

/** `{ min, max }` of a `Min`/`Max` structure; absent members stay absent. */
export function range(input: Input | undefined, key: string): { min?: number; max?: number } {
  const [min, max] = [number(structure(input, key), "Min"), number(structure(input, key), "Max")];
  if (min !== undefined && max !== undefined && min > max)
    throw invalid(`The minimum of ${key} must not be greater than its maximum.`);
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
