// Observability: a topic that people subscribe to, the alarms that write to it, a dashboard, and a budget by choice.
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget/index.js";
import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard/index.js";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription/index.js";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic/index.js";
import { tags } from "../domain/names.ts";
import { makeAlarms } from "./constructs/alarms.ts";
import { stackNames } from "./arns.ts";
import { dashboardBody } from "./constructs/dashboard.ts";
import { guardDestroy } from "./constructs/destroy-guard.ts";
import { alarmChannels, type AlarmChannel, type Environment } from "./environment/environment.ts";
import { layGround } from "./constructs/ground.ts";

const observabilityStackName = (environment: string): string => `${environment}-observability`;

/** Told at four fifths, and when the month's forecast goes beyond. Counts what carries the environment's tag. */
function makeBudget(stack: TerraformStack, { name, alarms, monthlyBudgetUsd }: Environment): void {
  if (monthlyBudgetUsd === undefined) return;
  const tell = (threshold: number, notificationType: string) => ({
    comparisonOperator: "GREATER_THAN",
    threshold,
    thresholdType: "PERCENTAGE",
    notificationType,
    subscriberEmailAddresses: alarms.email,
  });
  new BudgetsBudget(stack, "budget", {
    name: stackNames(name).prefix,
    budgetType: "COST",
    limitAmount: String(monthlyBudgetUsd),
    limitUnit: "USD",
    timeUnit: "MONTHLY",
    costFilter: [{ name: "TagKeyValue", values: [`user:${tags.environment}$${name}`] }],
    notification: [tell(80, "ACTUAL"), tell(100, "FORECASTED")],
  });
}

export function observabilityStack(scope: Construct, environment: Environment): TerraformStack {
  const stack = new TerraformStack(scope, observabilityStackName(environment.name));
  layGround(stack, environment);
  const names = stackNames(environment.name);
  const topic = new SnsTopic(stack, "alarms", { name: names.alarms });
  for (const protocol of Object.keys(alarmChannels) as AlarmChannel[])
    for (const [at, endpoint] of environment.alarms[protocol].entries())
      new SnsTopicSubscription(stack, `${protocol}-${at + 1}`, { topicArn: topic.arn, protocol, endpoint });
  makeAlarms(stack, environment, topic.arn);
  new CloudwatchDashboard(stack, "dashboard", {
    dashboardName: names.prefix,
    dashboardBody: dashboardBody(environment),
  });
  makeBudget(stack, environment);
  guardDestroy(stack, environment);
  return stack;
}
