// One move of many records: transactions of up to a hundred conditional writes, each on its own condition.
import { TransactWriteItemsCommand, type DynamoDBClient, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { batchesOf } from "../../domain/batches.ts";
import { refusalOf, type Decision, type Move, type Moves } from "../../domain/instance.ts";
import { maxima } from "../../domain/limits.ts";
import { decodeRecord, isDamaged, type Damaged } from "../../domain/record.ts";
import type { Unknown } from "../ports/outcomes.ts";
import type { InstanceRef, Moved } from "../ports/store.ts";
import { fromItem, type Item } from "./attribute-values.ts";
import { compileMove, updateItem } from "./expression.ts";
import { asSdkError, asUnknown } from "./sdk-errors.ts";

export interface One<M extends Move> {
  readonly ref: InstanceRef;
  readonly params: Moves[M];
}

/** Below this a write each is as quick, and half the price: a transaction counts every write twice. */
const fewest = 10;
/** A transaction is cancelled as a whole by one refusal or one heartbeat of that moment; what is left after these goes one by one. */
const transactions = 3;

interface Cancelled {
  readonly CancellationReasons?: readonly { readonly Code?: string; readonly Item?: Item }[];
}
type Outcome = Moved | Unknown;

function writeOf<M extends Move>(table: string, move: M, { ref, params }: One<M>): TransactWriteItem {
  const { ReturnValues: _, ...update } = updateItem(table, ref.key, compileMove(move, ref, params));
  return { Update: { ...update, UpdateExpression: update.UpdateExpression ?? "" } };
}

/** `decided`: by index, those whose own condition did not hold. The rest of a cancelled transaction is not written. */
type Transacted =
  | { readonly kind: "done" }
  | { readonly kind: "cancelled"; readonly decided: ReadonlyMap<number, Outcome> }
  | Unknown;

async function transact<M extends Move>(
  client: DynamoDBClient,
  table: string,
  move: M,
  some: readonly One<M>[],
): Promise<Transacted> {
  const TransactItems = some.map((one) => writeOf(table, move, one));
  try {
    await client.send(new TransactWriteItemsCommand({ TransactItems }));
    return { kind: "done" };
  } catch (error) {
    if (asSdkError(error).name !== "TransactionCanceledException")
      return asUnknown(`TransactWriteItems on table ${table}`, error);
    const decided = new Map<number, Outcome>();
    ((error as Cancelled).CancellationReasons ?? []).forEach(({ Code, Item }, index) => {
      const one = some[index];
      if (Code === "ConditionalCheckFailed" && one !== undefined) decided.set(index, refusal(move, one, Item));
      // What its instance has written refuses the update of this item alone (API Reference, TransactWriteItems: "ValidationError").
      if (Code === "ValidationError" && one !== undefined)
        decided.set(index, { kind: "refused", why: "spoilt", record: undefined });
    });
    return { kind: "cancelled", decided };
  }
}

function refusal<M extends Move>(move: M, { params }: One<M>, item: Item | undefined): Outcome {
  const record = item === undefined ? undefined : decodeRecord(fromItem(item));
  return record !== undefined && isDamaged(record) ? unreadable(record) : refusalOf(move, params, record);
}

/** Of a record that cannot be read: every decision ignores it, so callers get its key and continue without it. */
export const unreadable = ({ key, problem }: Damaged): Unknown => ({
  kind: "unknown",
  problem: `the item ${key} is damaged: ${problem}`,
});

async function moveBatch<M extends Move>(
  client: DynamoDBClient,
  table: string,
  move: M,
  batch: readonly One<M>[],
  moveOne: (one: One<M>) => Promise<Decision | Unknown>,
): Promise<readonly Outcome[]> {
  const outcomes = new Map<One<M>, Outcome>();
  let left = batch;
  for (let tries = 0; tries < transactions && left.length >= fewest; tries++) {
    const tried = left;
    const transacted = await transact(client, table, move, tried);
    if (transacted.kind !== "cancelled") {
      const outcome: Outcome = transacted.kind === "done" ? { kind: "done", already: false } : transacted;
      for (const one of tried) outcomes.set(one, outcome);
      left = [];
      break;
    }
    for (const [index, outcome] of transacted.decided) outcomes.set(tried[index] as One<M>, outcome);
    left = tried.filter((one) => !outcomes.has(one));
  }
  const rest = await Promise.all(left.map(async (one) => [one, await moveOne(one)] as const));
  for (const [one, outcome] of rest) outcomes.set(one, outcome);
  return batch.map((one) => outcomes.get(one) as Outcome);
}

/** One batch after another, so that a thousand writes do not throttle the table for others. */
export async function moveAll<M extends Move>(
  client: DynamoDBClient,
  table: string,
  move: M,
  moves: readonly One<M>[],
  moveOne: (one: One<M>) => Promise<Decision | Unknown>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const batch of batchesOf(moves, maxima.writeBatch))
    outcomes.push(...(await moveBatch(client, table, move, batch, moveOne)));
  return outcomes;
}
