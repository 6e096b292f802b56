// Counters of instances alive, by scope: added to all at once or not at all, whatever replies are lost.
import {
  GetItemCommand,
  TransactWriteItemsCommand,
  type AttributeValue,
  type DynamoDBClient,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { counterKey, table } from "../../domain/table.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { OutOfReach, type Unknown } from "../ports/outcomes.ts";
import type { Counter, Reservation, Scope, Settings } from "../ports/settings.ts";
import { asSdkError, asUnknown, raise } from "./sdk-errors.ts";

export const countAttribute = "count";
const reservedAttribute = "reserved";

interface CountersOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Pick<Random, "next">;
}

/** Two provisions at one counter at one moment: the later transaction is cancelled, and tried again after a chance pause. */
const conflictTries = 8;
const conflictPauseMs = 40;

/** Codes of an entry that say only that it cannot go now (DynamoDB API Reference, TransactWriteItems). */
const passing: ReadonlySet<string | undefined> = new Set([
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

type Transacted =
  | { readonly kind: "done" }
  /** Index of the first entry whose condition did not hold. */
  | { readonly kind: "refused"; readonly entry: number }
  | Unknown;

interface Cancelled {
  readonly CancellationReasons?: readonly { readonly Code?: string }[];
}

/**
 * One transaction. The SDK gives each a client request token, the same in all its tries, so a try after a lost reply adds
 * nothing twice (DynamoDB API Reference, TransactWriteItems, "ClientRequestToken").
 */
async function transact(options: CountersOptions, items: TransactWriteItem[]): Promise<Transacted> {
  const what = `TransactWriteItems on table ${options.table}`;
  for (let tries = 1; ; tries++) {
    try {
      await options.client.send(new TransactWriteItemsCommand({ TransactItems: items }));
      return { kind: "done" };
    } catch (error) {
      if (asSdkError(error).name !== "TransactionCanceledException") return asUnknown(what, error);
      const codes = ((error as Cancelled).CancellationReasons ?? []).map(({ Code }) => Code);
      const entry = codes.indexOf("ConditionalCheckFailed");
      if (entry >= 0) return { kind: "refused", entry };
      if (!codes.some((code) => passing.has(code))) return asUnknown(what, error);
      if (tries >= conflictTries) return { kind: "unknown", problem: `${what}: ${codes.join(", ")} ${tries} times` };
    }
    await options.clock.sleep(conflictPauseMs * tries * (0.5 + options.random.next()));
  }
}

const keyOf = (scope: string) => ({ [table.key]: { S: counterKey(scope) } });
const named = { "#count": countAttribute };
const namedBoth = { ...named, "#reserved": reservedAttribute };

const addWhereFits = (tableName: string, count: number, { name, maximum }: Scope): TransactWriteItem => ({
  Update: {
    TableName: tableName,
    Key: keyOf(name),
    UpdateExpression: "ADD #count :added, #reserved :added",
    ConditionExpression: "attribute_not_exists(#count) OR #count <= :most",
    ExpressionAttributeNames: namedBoth,
    ExpressionAttributeValues: { ":added": { N: String(count) }, ":most": { N: String(maximum - count) } },
  },
});

async function reserve(
  options: CountersOptions,
  count: number,
  scopes: readonly Scope[],
): Promise<Reservation | Unknown> {
  const impossible = scopes.find(({ maximum }) => count > maximum);
  if (impossible !== undefined) return { kind: "full", scope: impossible.name };
  if (count === 0 || scopes.length === 0) return { kind: "reserved" };
  const outcome = await transact(
    options,
    scopes.map((scope) => addWhereFits(options.table, count, scope)),
  );
  if (outcome.kind === "unknown") return outcome;
  return outcome.kind === "done"
    ? { kind: "reserved" }
    : { kind: "full", scope: (scopes[outcome.entry] as Scope).name };
}

/** Takes away, or sets to zero where less is left. A counter that is wrong for any reason is put right by refresh's recount. */
async function freeOne(options: CountersOptions, count: number, scope: string): Promise<void> {
  const update = (UpdateExpression: string, ConditionExpression: string, taken: number): TransactWriteItem => ({
    Update: {
      TableName: options.table,
      Key: keyOf(scope),
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeNames: named,
      ExpressionAttributeValues: { ":count": { N: String(count) }, ":taken": { N: String(taken) } },
    },
  });
  const outcome = await transact(options, [update("ADD #count :taken", "#count >= :count", -count)]);
  if (outcome.kind === "done") return;
  const zeroed =
    outcome.kind === "refused"
      ? await transact(options, [update("SET #count = :taken", "#count < :count", 0)])
      : outcome;
  if (zeroed.kind === "unknown") throw new OutOfReach(zeroed.problem);
}

/** A whole number, as every write of ours makes it; undefined for what anybody else has written there. */
function wholeOf(value: AttributeValue | undefined): number | undefined {
  const number = value === undefined ? 0 : Number(value.N ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** What the table says of a scope, and how. */
async function stored({ client, table: TableName }: Pick<CountersOptions, "client" | "table">, scope: string) {
  const command = new GetItemCommand({ TableName, Key: keyOf(scope), ConsistentRead: true });
  const { Item } = await client.send(command).catch((error: unknown) => raise(`GetItem on table ${TableName}`, error));
  return { count: Item?.[countAttribute], reserved: Item?.[reservedAttribute] };
}

/** A value that is not a number counts as more than any maximum, as DynamoDB's condition treats it; recounting then repairs it. */
function counterIn({ count, reserved }: Awaited<ReturnType<typeof stored>>): Counter | undefined {
  if (count === undefined && reserved === undefined) return undefined;
  return {
    count: wholeOf(count) ?? Number.MAX_SAFE_INTEGER,
    reserved: wholeOf(reserved) ?? Number.MAX_SAFE_INTEGER,
  };
}

/**
 * Sets the counter where it is stored as it was seen, of whatever type it is: DynamoDB's `=` compares any two values. A transaction too: a
 * plain UpdateItem that the SDK repeats after a lost reply would find the value seen once more where the counter has meanwhile moved
 * away and come back, and set it a second time.
 */
async function recount(
  options: CountersOptions,
  scope: string,
  seen: Counter | undefined,
  counted: number,
): Promise<void> {
  const found = await stored(options, scope);
  const now = counterIn(found);
  if (now?.count !== seen?.count || now?.reserved !== seen?.reserved) return;
  // Nothing can be added to a value that is not a number: restart the count of reservations.
  const anew = wholeOf(found.reserved) === undefined;
  const Update = {
    TableName: options.table,
    Key: keyOf(scope),
    UpdateExpression: `SET #count = :counted${anew ? ", #reserved = :none" : ""}`,
    ConditionExpression: [
      found.count === undefined ? "attribute_not_exists(#count)" : "#count = :count",
      found.reserved === undefined ? "attribute_not_exists(#reserved)" : "#reserved = :reserved",
    ].join(" AND "),
    ExpressionAttributeNames: namedBoth,
    ExpressionAttributeValues: {
      ":counted": { N: String(counted) },
      ...(anew ? { ":none": { N: "0" } } : {}),
      ...(found.count === undefined ? {} : { ":count": found.count }),
      ...(found.reserved === undefined ? {} : { ":reserved": found.reserved }),
    },
  };
  const outcome = await transact(options, [{ Update }]);
  if (outcome.kind === "unknown") throw new OutOfReach(outcome.problem);
}

export const counters = (options: CountersOptions): Pick<Settings, "counter" | "reserve" | "free" | "recount"> => ({
  counter: async (scope) => counterIn(await stored(options, scope)),
  reserve: (count, scopes) => reserve(options, count, scopes),
  free: async (count, scopes) => {
    if (count > 0) await Promise.all(scopes.map((scope) => freeOne(options, count, scope)));
  },
  recount: (scope, seen, counted) => recount(options, scope, seen, counted),
});
