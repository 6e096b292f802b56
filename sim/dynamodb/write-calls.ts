// PutItem, UpdateItem, DeleteItem.
import { AwsFault } from "../http/service.ts";
import { invalid, type Item } from "./attribute-value.ts";
import { choiceOf, type Action, type Context, type Input } from "./context.ts";
import { admits, commit, planDelete, planPut, planUpdate, type WritePlan } from "./plan-write.ts";
import { project } from "./project.ts";

type ReturnValues = "NONE" | "ALL_OLD" | "UPDATED_OLD" | "ALL_NEW" | "UPDATED_NEW";
const allReturnValues: readonly ReturnValues[] = ["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"];

function returned(
  wanted: ReturnValues,
  plan: WritePlan,
  old: Item | undefined,
  next: Item | undefined,
): Item | undefined {
  switch (wanted) {
    case "NONE":
      return undefined;
    case "ALL_OLD":
      return old;
    case "ALL_NEW":
      return next;
    case "UPDATED_OLD":
      return old && project(old, plan.touched);
    case "UPDATED_NEW":
      return next && project(next, plan.touched);
  }
}

const write =
  (plan: (context: Context, input: Input) => WritePlan, allowed: readonly ReturnValues[]): Action =>
  (context, input) => {
    const wanted = choiceOf(input, "ReturnValues", allReturnValues) ?? "NONE";
    if (!allowed.includes(wanted)) throw invalid("Return values set to invalid value");
    const planned = plan(context, input);
    const old = planned.table.get(planned.key);
    if (!admits(planned, old)) {
      const detail = planned.showOld && old ? { Item: old } : {};
      throw new AwsFault("ConditionalCheckFailedException", "The conditional request failed", 400, detail);
    }
    const next = planned.next(old);
    commit(planned, next);
    const attributes = returned(wanted, planned, old, next);
    return attributes && Object.keys(attributes).length > 0 ? { Attributes: attributes } : {};
  };

export const putItem = write(planPut, ["NONE", "ALL_OLD"]);
export const deleteItem = write(planDelete, ["NONE", "ALL_OLD"]);
export const updateItem = write(planUpdate, allReturnValues);
