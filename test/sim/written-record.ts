// An item as the embedded DynamoDB has it, read as an instance's record.
import { fromItem, type Item } from "../../cloud/aws/attribute-values.ts";
import { decodeRecord, isDamaged, type InstanceRecord } from "../../domain/record.ts";
import { isInstanceKey } from "../../domain/table.ts";

/** Undefined for another kind of item, and for a record that cannot be read. */
export const writtenRecord = (item: object | undefined): InstanceRecord | undefined => {
  const fields = item === undefined ? {} : fromItem(item as Item);
  const record = isInstanceKey(String(fields["key"])) ? decodeRecord(fields) : undefined;
  return record === undefined || isDamaged(record) ? undefined : record;
};
