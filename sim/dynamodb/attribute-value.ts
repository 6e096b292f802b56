// DynamoDB's attribute values: reading them from the wire, comparing them, weighing them.
import { AwsFault } from "../http/service.ts";
import { canonicalNumber, compareNumbers, numberSize } from "./decimal.ts";

export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly M: Item }
  | { readonly L: readonly AttributeValue[] };

/** A stored item, or a map within one; never changed in place, so that an old image stays what it was. */
export type Item = { readonly [name: string]: AttributeValue };

export type TypeCode = "S" | "N" | "BOOL" | "NULL" | "M" | "L";

/** The names DynamoDB's messages use for its types. */
export const typeNames: Readonly<Record<TypeCode, string>> = {
  S: "STRING",
  N: "NUMBER",
  BOOL: "BOOLEAN",
  NULL: "NULL",
  M: "MAP",
  L: "LIST",
};
/** Types that our code never writes. */
const unmodelled: ReadonlySet<string> = new Set(["B", "SS", "NS", "BS"]);

export const invalid = (message: string): AwsFault => new AwsFault("ValidationException", message);
const badParameter = (message: string): AwsFault => invalid(`One or more parameter values were invalid: ${message}`);
export const malformed = (message: string): AwsFault => new AwsFault("SerializationException", message);

export function typeOf(value: AttributeValue): TypeCode {
  for (const code in value) return code as TypeCode;
  throw new Error("an attribute value without a type was stored");
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readText = (value: unknown): string => {
  if (typeof value === "string") return value;
  throw malformed(`${value === null ? "Unexpected null" : `${typeof value} value`} cannot be converted to String`);
};

/** Reads one attribute value; the result shares nothing with the input. Throws ValidationException, SerializationException. */
function readValue(value: unknown): AttributeValue {
  if (!isRecord(value)) throw malformed("Start of structure or map found where not expected.");
  const other = Object.keys(value).find((code) => unmodelled.has(code));
  if (other !== undefined) throw invalid(`The embedded DynamoDB has no values of type ${other}.`);
  const codes = Object.keys(value).filter((code) => code in typeNames && value[code] !== undefined);
  const [code] = codes as TypeCode[];
  if (!code) throw invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  if (codes.length > 1) {
    throw invalid(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
  const inner = value[code];
  switch (code) {
    case "S":
      return { S: readText(inner) };
    case "N":
      return { N: canonicalNumber(readText(inner)) };
    case "BOOL":
      if (typeof inner !== "boolean") throw malformed(`${typeof inner} value cannot be converted to Boolean`);
      return { BOOL: inner };
    case "NULL":
      if (inner !== true) throw badParameter("Null attribute value types must have the value of true");
      return { NULL: true };
    case "M":
      return { M: readItem(inner) };
    case "L":
      if (!Array.isArray(inner)) throw malformed("Start of list expected");
      return { L: inner.map(readValue) };
  }
}

/** Reads a map of attribute values: an item, a key, or ExpressionAttributeValues. */
export function readItem(value: unknown): Item {
  if (!isRecord(value)) throw malformed("Start of structure or map expected");
  const item: Record<string, AttributeValue> = {};
  for (const name of Object.keys(value)) item[name] = readValue(value[name]);
  return item;
}

export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if (a === b) return true;
  if ("S" in a) return "S" in b && a.S === b.S;
  if ("N" in a) return "N" in b && a.N === b.N;
  if ("BOOL" in a) return "BOOL" in b && a.BOOL === b.BOOL;
  if ("NULL" in a) return "NULL" in b;
  if ("M" in a) return "M" in b && equalItems(a.M, b.M);
  return "L" in b && a.L.length === b.L.length && a.L.every((v, i) => equalValues(v, b.L[i] ?? v));
}

export function equalItems(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => {
      const [left, right] = [a[name], b[name]];
      return left !== undefined && right !== undefined && equalValues(left, right);
    })
  );
}

/** Lifts code units so that UTF-16 order becomes the order of the UTF-8 bytes, which is DynamoDB's. */
const utf8Rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

/** The order of two values of one scalar type; undefined where DynamoDB knows no order between them. */
export function orderOf(a: AttributeValue, b: AttributeValue): number | undefined {
  if ("S" in a && "S" in b) return compareText(a.S, b.S);
  if ("N" in a && "N" in b) return compareNumbers(a.N, b.N);
  return undefined;
}

const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0);

/** Bytes a value takes (DynamoDB Developer Guide, "DynamoDB item sizes and formats"). */
function valueSize(value: AttributeValue): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return numberSize(value.N);
  if ("M" in value) return 3 + itemSize(value.M) + Object.keys(value.M).length;
  if ("L" in value) return 3 + sum(value.L.map((member) => 1 + valueSize(member)));
  return 1;
}

export function itemSize(item: Item): number {
  let size = 0;
  for (const [name, value] of Object.entries(item)) size += Buffer.byteLength(name) + valueSize(value);
  return size;
}
