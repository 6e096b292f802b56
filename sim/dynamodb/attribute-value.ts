// DynamoDB's attribute values: reading them from the wire, comparing them, weighing them.
import { AwsFault } from "../http/service.ts";
import { canonicalNumber, compareNumbers, numberSize } from "./decimal.ts";

export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly M: Item }
  | { readonly L: readonly AttributeValue[] }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] };

/** A stored item, or a map within one; never changed in place, so that an old image stays what it was. */
export type Item = { readonly [name: string]: AttributeValue };

export type TypeCode = "S" | "N" | "B" | "BOOL" | "NULL" | "M" | "L" | "SS" | "NS" | "BS";

/** The names DynamoDB's messages use for its types. */
export const typeNames: Readonly<Record<TypeCode, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  BOOL: "BOOLEAN",
  NULL: "NULL",
  M: "MAP",
  L: "LIST",
  SS: "STRING_SET",
  NS: "NUMBER_SET",
  BS: "BINARY_SET",
};

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

const setNames: Readonly<Record<"SS" | "NS" | "BS", string>> = { SS: "string", NS: "number", BS: "binary" };

function readSet(code: "SS" | "NS" | "BS", value: unknown): AttributeValue {
  if (!Array.isArray(value)) throw malformed("Start of list expected");
  if (value.length === 0) throw badParameter(`An ${setNames[code]} set  may not be empty`);
  const texts = value.map(readText);
  const members = code === "NS" ? texts.map(canonicalNumber) : texts;
  if (new Set(members).size < members.length) {
    throw badParameter(`Input collection [${texts.join(", ")}] contains duplicates.`);
  }
  return { [code]: members } as unknown as AttributeValue;
}

/** Reads one attribute value; the result shares nothing with the input. Throws ValidationException, SerializationException. */
function readValue(value: unknown): AttributeValue {
  if (!isRecord(value)) throw malformed("Start of structure or map found where not expected.");
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
    case "B":
      return { B: readText(inner) };
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
    case "SS":
    case "NS":
    case "BS":
      return readSet(code, inner);
  }
}

/** Reads a map of attribute values: an item, a key, or ExpressionAttributeValues. */
export function readItem(value: unknown): Item {
  if (!isRecord(value)) throw malformed("Start of structure or map expected");
  const item: Record<string, AttributeValue> = {};
  for (const name of Object.keys(value)) item[name] = readValue(value[name]);
  return item;
}

const sameMembers = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((member) => right.includes(member));

export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if (a === b) return true;
  if ("S" in a) return "S" in b && a.S === b.S;
  if ("N" in a) return "N" in b && a.N === b.N;
  if ("B" in a) return "B" in b && a.B === b.B;
  if ("BOOL" in a) return "BOOL" in b && a.BOOL === b.BOOL;
  if ("NULL" in a) return "NULL" in b;
  if ("M" in a) return "M" in b && equalItems(a.M, b.M);
  if ("L" in a) return "L" in b && a.L.length === b.L.length && a.L.every((v, i) => equalValues(v, b.L[i] ?? v));
  if ("SS" in a) return "SS" in b && sameMembers(a.SS, b.SS);
  if ("NS" in a) return "NS" in b && sameMembers(a.NS, b.NS);
  return "BS" in b && sameMembers(a.BS, b.BS);
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
  if ("B" in a && "B" in b) return Buffer.compare(Buffer.from(a.B, "base64"), Buffer.from(b.B, "base64"));
  return undefined;
}

const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0);
const bytes = (base64: string): number => Buffer.byteLength(base64, "base64");

/** Bytes a value takes (DynamoDB Developer Guide, "DynamoDB item sizes and formats"). */
function valueSize(value: AttributeValue): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return numberSize(value.N);
  if ("B" in value) return bytes(value.B);
  if ("SS" in value) return sum(value.SS.map((member) => Buffer.byteLength(member)));
  if ("NS" in value) return sum(value.NS.map(numberSize));
  if ("BS" in value) return sum(value.BS.map(bytes));
  if ("M" in value) return 3 + itemSize(value.M) + Object.keys(value.M).length;
  if ("L" in value) return 3 + sum(value.L.map((member) => 1 + valueSize(member)));
  return 1;
}

export function itemSize(item: Item): number {
  let size = 0;
  for (const [name, value] of Object.entries(item)) size += Buffer.byteLength(name) + valueSize(value);
  return size;
}
