// What DynamoDB demands of key attributes: present, of the declared type, not empty; in tables and in indexes.
import { invalid, readItem, typeOf, type AttributeValue, type Item } from "./attribute-value.ts";
import type { KeySchema } from "./rows.ts";
import type { TableSpec } from "./table.ts";

const badParameter = (message: string): Error => invalid(`One or more parameter values were invalid: ${message}`);

export const namesOf = (keys: KeySchema): string[] =>
  keys.range === undefined ? [keys.hash] : [keys.hash, keys.range];

export const isEmpty = (value: AttributeValue): boolean => "S" in value && value.S === "";

const bytesOf = (value: AttributeValue): number => ("S" in value ? Buffer.byteLength(value.S) : 0);

/** Developer Guide, "Service, account, and table quotas": partition key 2048 bytes, sort key 1024. */
function demandLength(name: string, value: AttributeValue, keys: KeySchema): void {
  const [most, kind] = name === keys.hash ? [2048, "hashkey"] : [1024, "rangekey"];
  if (bytesOf(value) > most) throw badParameter(`Size of ${kind} has exceeded the maximum size limit of ${most} bytes`);
}

function demandFilled(name: string, value: AttributeValue): void {
  if (!isEmpty(value)) return;
  throw invalid(
    `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
  );
}

/** Checks a whole item's own key and its index keys (PutItem). */
export function demandItemKeys(item: Item, spec: TableSpec): void {
  for (const name of namesOf(spec.keys)) {
    const value = item[name];
    if (!value) throw badParameter(`Missing the key ${name} in the item`);
    const [wanted, actual] = [spec.types[name], typeOf(value)];
    if (actual !== wanted) throw badParameter(`Type mismatch for key ${name} expected: ${wanted} actual: ${actual}`);
    demandFilled(name, value);
    demandLength(name, value, spec.keys);
  }
  for (const index of spec.indexes) {
    for (const name of namesOf(index.keys)) {
      const value = item[name];
      if (!value) continue;
      const [wanted, actual] = [spec.types[name], typeOf(value)];
      if (actual !== wanted) {
        throw badParameter(
          `Type mismatch for Index Key ${name} Expected: ${wanted} Actual: ${actual} IndexName: ${index.name}`,
        );
      }
      if (isEmpty(value)) {
        throw invalid(
          `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${index.name}, IndexKey: ${name}`,
        );
      }
    }
  }
}

/** Checks the index keys of what an UpdateItem would leave behind. */
export function demandUpdatedIndexKeys(item: Item, spec: TableSpec): void {
  for (const name of spec.indexes.flatMap((index) => namesOf(index.keys))) {
    const value = item[name];
    if (!value) continue;
    if (typeOf(value) !== spec.types[name]) {
      throw invalid("The update expression attempted to update the secondary index key to unsupported type");
    }
    if (isEmpty(value)) {
      throw invalid(
        `One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.`,
      );
    }
  }
}

/** Reads a call's `Key`: exactly the table's key attributes. */
export function readKey(input: unknown, spec: TableSpec): Item {
  const key = readItem(input);
  const names = namesOf(spec.keys);
  const fits = names.every((name) => {
    const value = key[name];
    return value !== undefined && typeOf(value) === spec.types[name];
  });
  if (!fits || Object.keys(key).length !== names.length) {
    throw invalid("The provided key element does not match the schema");
  }
  for (const name of names) {
    const value = key[name] as AttributeValue;
    demandFilled(name, value);
    demandLength(name, value, spec.keys);
  }
  return key;
}

/** A key as text, whatever the order of its attributes. */
export const keyText = (key: Item): string => JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)));
