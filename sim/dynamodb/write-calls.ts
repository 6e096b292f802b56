// PutItem, UpdateItem, DeleteItem.
import { AwsFault } from "../http/service.ts";
import { invalid } from "./attribute-value.ts";
import { textOf, type Action, type Context, type Input } from "./context.ts";
import { admits, commit, planDelete, planPut, planUpdate, type WritePlan } from "./plan-write.ts";

type ReturnValues = "NONE" | "ALL_OLD" | "ALL_NEW";
const write =
  (plan: (context: Context, input: Input) => WritePlan, allowed: readonly ReturnValues[]): Action =>
  (context, input) => {
    const wanted = textOf(input, "ReturnValues") ?? "NONE";
    if (!allowed.includes(wanted as ReturnValues)) throw invalid("Return values set to invalid value");
    const planned = plan(context, input);
    const old = planned.table.get(planned.key);
    if (!admits(planned, old)) {
      const detail = planned.showOld && old ? { Item: old } : {};
      throw new AwsFault("ConditionalCheckFailedException", "The conditional request failed", 400, detail);
    }
    const next = planned.next(old);
    commit(planned, next);
    const attributes = wanted === "ALL_OLD" ? old : wanted === "ALL_NEW" ? next : undefined;
    return attributes === undefined ? {} : { Attributes: attributes };
  };

export const putItem = write(planPut, ["NONE", "ALL_OLD"]);
export const deleteItem = write(planDelete, ["NONE", "ALL_OLD"]);
export const updateItem = write(planUpdate, ["NONE", "ALL_OLD", "ALL_NEW"]);
