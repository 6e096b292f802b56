// What all SQS batches share: one to ten entries with distinct ids, each done or failed for itself.
import { AwsFault } from "../http/service.ts";
import { sqsQueryCode } from "../http/sqs-errors.ts";
import { demandText, type Input } from "./context.ts";

const entriesMost = 10;

interface Entry {
  readonly id: string;
  readonly input: Input;
}

/** Reads a batch's entries. Throws EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct. */
export function readEntries(input: Input, kind: string): readonly Entry[] {
  const list = input["Entries"] ?? [];
  if (!Array.isArray(list)) throw new AwsFault("SerializationException", "Start of list expected");
  if (list.length === 0) {
    throw new AwsFault("EmptyBatchRequest", `There should be at least one ${kind}RequestEntry in the request.`);
  }
  if (list.length > entriesMost) {
    throw new AwsFault(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${entriesMost}. You have sent ${list.length}.`,
    );
  }
  const entries = (list as Input[]).map((entry) => ({ id: demandText(entry, "Id"), input: entry }));
  if (!entries.every(({ id }) => /^[A-Za-z0-9_-]{1,80}$/.test(id))) {
    throw new AwsFault(
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    );
  }
  const ids = entries.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw new AwsFault("BatchEntryIdsNotDistinct", `Id ${twice} repeated.`);
  return entries;
}

/** Does every entry for itself; what is refused is listed under `Failed`. */
export function doEach(entries: readonly Entry[], one: (input: Input) => object): unknown {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const { id, input } of entries) {
    try {
      Successful.push({ Id: id, ...one(input) });
    } catch (fault) {
      if (!(fault instanceof AwsFault)) throw fault;
      const SenderFault = fault.status < 500;
      Failed.push({ Id: id, SenderFault, Code: sqsQueryCode(fault.code), Message: fault.message });
    }
  }
  return { ...(Successful.length > 0 && { Successful }), ...(Failed.length > 0 && { Failed }) };
}
