// The embedded DynamoDB: the calls this system makes, answered from memory in the service's own words.
import type { ServiceContext } from "../http/faults.ts";
import { AwsFault, type Service } from "../http/service.ts";
import { invalid, type Item } from "./attribute-value.ts";
import { batchGetItem, batchWriteItem } from "./batch-calls.ts";
import type { Action, Context } from "./context.ts";
import { getItem, query, scan } from "./read-calls.ts";
import {
  createTable,
  deleteTable,
  describeContinuousBackups,
  describeTable,
  describeTimeToLive,
  updateContinuousBackups,
  updateTimeToLive,
} from "./table-calls.ts";
import type { Change, Table } from "./table.ts";
import { transactWriteItems } from "./transact-calls.ts";
import { deleteItem, putItem, updateItem } from "./write-calls.ts";

const actions: Readonly<Record<string, Action>> = {
  CreateTable: createTable,
  DescribeTable: describeTable,
  DeleteTable: deleteTable,
  UpdateTimeToLive: updateTimeToLive,
  DescribeTimeToLive: describeTimeToLive,
  UpdateContinuousBackups: updateContinuousBackups,
  DescribeContinuousBackups: describeContinuousBackups,
  PutItem: putItem,
  GetItem: getItem,
  UpdateItem: updateItem,
  DeleteItem: deleteItem,
  Query: query,
  Scan: scan,
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  TransactWriteItems: transactWriteItems,
};

export interface DynamoDb {
  readonly service: Service;
  /** Names of the tables. */
  tables(): readonly string[];
  /** All items of a table, in scan order; shared with the store, so not to be changed. */
  items(table: string): readonly Item[];
  /** Calls back on each committed write of an item, in order, before the call is answered. Answers how to stop. */
  onChange(listener: (change: Change) => void): () => void;
}

/**
 * Single-threaded: each call is applied whole before the next, so every conditional write is atomic.
 * Not modelled: capacity limits, eventual consistency of plain reads, slack of time to live.
 */
export function dynamodb(base: ServiceContext): DynamoDb {
  const tables = new Map<string, Table>();
  const listeners = new Set<(change: Change) => void>();
  const onChange = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };
  const context: Context = { ...base, tables, onChange };
  return {
    // Async, so that a refusal rejects.
    service: async ({ action, input }) => {
      const handler = Object.hasOwn(actions, action) ? actions[action] : undefined;
      if (!handler) throw new AwsFault("UnknownOperationException", "");
      if ((input["ReturnConsumedCapacity"] ?? "NONE") !== "NONE")
        throw invalid("The embedded DynamoDB does not count consumed capacity.");
      return handler(context, input);
    },
    tables: () => [...tables.keys()],
    items: (name) => {
      const table = tables.get(name);
      table?.expire();
      return table?.rows().map((row) => row.item) ?? [];
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
