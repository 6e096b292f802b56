// TransactWriteItems: all or nothing.
import type { Cancellation } from "../http/faults.ts";
import { AwsFault } from "../http/service.ts";
import { invalid, type Item } from "./attribute-value.ts";
import { recordOf, recordsOf, textOf, type Action, type Context, type Input } from "./context.ts";
import { keyText } from "./keys.ts";
import { admits, commit, planCheck, planDelete, planPut, planUpdate, type WritePlan } from "./plan-write.ts";

const itemsMost = 100;
/** API Reference, TransactWriteItems: a client request token is valid for 10 minutes. */
const tokenLifeMs = 600_000;

const planners = { Put: planPut, Update: planUpdate, Delete: planDelete, ConditionCheck: planCheck } as const;

function planOne(context: Context, entry: Input): WritePlan {
  const kinds = (Object.keys(planners) as (keyof typeof planners)[]).filter((kind) => entry[kind] !== undefined);
  const [kind, ...more] = kinds;
  const options = kind && recordOf(entry, kind);
  if (!kind || !options || more.length > 0) {
    throw invalid("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  return planners[kind](context, options);
}

interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

interface Judged {
  readonly plan: WritePlan;
  readonly old: Item | undefined;
  readonly next?: Item | undefined;
  readonly reason: Reason;
}

function judge(plan: WritePlan): Judged {
  const old = plan.table.get(plan.key);
  if (!admits(plan, old)) {
    const shown = plan.showOld && old ? { Item: old } : {};
    return {
      plan,
      old,
      reason: { Code: "ConditionalCheckFailed", Message: "The conditional request failed", ...shown },
    };
  }
  try {
    return { plan, old, next: plan.next(old), reason: { Code: "None" } };
  } catch (fault) {
    if (!(fault instanceof AwsFault)) throw fault;
    return { plan, old, reason: { Code: "ValidationError", Message: fault.message } };
  }
}

/** API Reference, TransactWriteItems, "TransactionCanceledException": the messages of each code. */
const cancellations: Readonly<Record<Cancellation, string>> = {
  TransactionConflict: "Transaction is ongoing for the item",
  ThrottlingError:
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
  ProvisionedThroughputExceeded:
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API",
};

/** Where faults are switched on: why this entry may not go now. */
function busy({ faults, chance }: Context): Reason | undefined {
  const { cancelled = 0, cancelledBy = "TransactionConflict" } = faults.rates("dynamodb", "TransactWriteItems");
  if (cancelled === 0 || !chance.happens(cancelled)) return undefined;
  return { Code: cancelledBy, Message: cancellations[cancelledBy] };
}

const identity = ({ table, key }: WritePlan): string => `${table.spec.name} ${keyText(key)}`;

function demandCount(entries: readonly unknown[]): void {
  if (entries.length >= 1 && entries.length <= itemsMost) return;
  throw invalid(
    `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${entries.length === 0 ? "greater than or equal to 1" : `less than or equal to ${itemsMost}`}`,
  );
}

/** Tokens already used, per embedded DynamoDB: a repeated call with the same token changes nothing. */
const tokens = new WeakMap<Context, Map<string, { readonly at: number; readonly request: string }>>();

function repeats(context: Context, input: Input): boolean {
  const token = textOf(input, "ClientRequestToken");
  if (token === undefined) return false;
  const seen = tokens.get(context) ?? new Map<string, { at: number; request: string }>();
  tokens.set(context, seen);
  const now = context.clock.now();
  for (const [old, { at }] of seen) if (at < now - tokenLifeMs) seen.delete(old);
  const request = JSON.stringify(input["TransactItems"]);
  const before = seen.get(token);
  if (before && before.request !== request) {
    throw new AwsFault(
      "IdempotentParameterMismatchException",
      "The request uses the same client token as a previous, but non-identical request.",
    );
  }
  return before !== undefined;
}

/** Notes a token once its transaction is done: a refused one may be tried again. */
function remember(context: Context, input: Input): void {
  const token = textOf(input, "ClientRequestToken");
  if (token === undefined) return;
  const request = JSON.stringify(input["TransactItems"]);
  tokens.get(context)?.set(token, { at: context.clock.now(), request });
}

export const transactWriteItems: Action = (context, input) => {
  if (repeats(context, input)) return {};
  const entries = recordsOf(input, "TransactItems") ?? [];
  demandCount(entries);
  const plans = entries.map((entry) => planOne(context, entry));
  if (new Set(plans.map(identity)).size < plans.length) {
    throw invalid("Transaction request cannot include multiple operations on one item");
  }
  const judged = plans.map(judge);
  const reasons = judged.map(({ reason }) => busy(context) ?? reason);
  if (reasons.some(({ Code }) => Code !== "None")) {
    throw new AwsFault(
      "TransactionCanceledException",
      `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(", ")}]`,
      400,
      { CancellationReasons: reasons },
    );
  }
  for (const { plan, next } of judged) if (plan.writes) commit(plan, next);
  remember(context, input);
  return {};
};
