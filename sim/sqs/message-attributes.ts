// Message attributes: their check, and the MD5 that SQS answers and SDKs verify.
import { createHash } from "node:crypto";
import { AwsFault } from "../http/service.ts";

interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** Base64. */
  readonly BinaryValue?: string;
}
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

const attributesMost = 10;

export const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

const invalid = (message: string): AwsFault => new AwsFault("InvalidParameterValue", message);

function readOne(name: string, given: unknown): MessageAttribute {
  const value = (typeof given === "object" && given !== null ? given : {}) as Partial<MessageAttribute>;
  const type = value.DataType ?? "";
  const kind = type.split(".")[0] ?? "";
  if (!["String", "Number", "Binary"].includes(kind)) {
    throw invalid(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const content = kind === "Binary" ? value.BinaryValue : value.StringValue;
  if (typeof content !== "string" || content === "") {
    throw invalid(
      `The message attribute '${name}' must contain a non-empty message attribute value for its type ${type}.`,
    );
  }
  return kind === "Binary" ? { DataType: type, BinaryValue: content } : { DataType: type, StringValue: content };
}

/** Throws InvalidParameterValue. */
export function readMessageAttributes(given: Readonly<Record<string, unknown>>): MessageAttributes {
  const names = Object.keys(given);
  if (names.length > attributesMost) {
    throw invalid(`Number of message attributes [${names.length}] exceeds the allowed maximum [${attributesMost}].`);
  }
  return Object.fromEntries(names.map((name) => [name, readOne(name, given[name])]));
}

/** Developer Guide, "Amazon SQS message metadata: calculating the MD5 message digest for message attributes". */
export function md5OfAttributes(attributes: MessageAttributes): string {
  const hash = createHash("md5");
  const part = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).sort()) {
    const { DataType, StringValue, BinaryValue } = attributes[name] as MessageAttribute;
    part(Buffer.from(name));
    part(Buffer.from(DataType));
    hash.update(Buffer.from([BinaryValue === undefined ? 1 : 2]));
    part(BinaryValue === undefined ? Buffer.from(StringValue ?? "") : Buffer.from(BinaryValue, "base64"));
  }
  return hash.digest("hex");
}

/** Bytes the attributes add to a message. */
export const attributesSize = (attributes: MessageAttributes): number =>
  Object.entries(attributes).reduce(
    (total, [name, { DataType, StringValue, BinaryValue }]) =>
      total +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      (BinaryValue === undefined ? Buffer.byteLength(StringValue ?? "") : Buffer.byteLength(BinaryValue, "base64")),
    0,
  );

/** The attributes a receiver asked for: by name, `prefix.*`, or `All`. */
export function chosenAttributes(attributes: MessageAttributes, patterns: readonly string[]): MessageAttributes {
  const wanted = (name: string): boolean =>
    patterns.some(
      (pattern) =>
        pattern === "All" ||
        pattern === ".*" ||
        pattern === name ||
        (pattern.endsWith(".*") && name.startsWith(pattern.slice(0, -1))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => wanted(name)));
}
