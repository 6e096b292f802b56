// The pool: table, queues, launch templates, what instances may do, and the environment's defaults. Read it top-down.
import { DataResource, dependable, TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { DynamodbTableItem } from "@cdktf/provider-aws/lib/dynamodb-table-item/index.js";
import { table } from "../domain/table.ts";
import { arnsOf, stackNames } from "./arns.ts";
import { guardDestroy } from "./constructs/destroy-guard.ts";
import { defaultsItem, defaultsOf } from "./environment/defaults.ts";
import type { Environment } from "./environment/environment.ts";
import { layGround } from "./constructs/ground.ts";
import { makeImageParameters } from "./constructs/image-parameters.ts";
import { keptOf } from "./constructs/kept.ts";
import { makeInstanceProfile } from "./constructs/instance-profile.ts";
import { configHashes, makeTemplates } from "./constructs/launch-templates.ts";
import { makeNetwork } from "./constructs/network.ts";
import { makeQueues } from "./constructs/pool-queues.ts";
import { makeTable } from "./constructs/pool-table.ts";
import { guardRemoval } from "./constructs/removal-guard.ts";

const poolStackName = (environment: string): string => `${environment}-pool`;

export function poolStack(scope: Construct, environment: Environment): TerraformStack {
  const stack = new TerraformStack(scope, poolStackName(environment.name));
  layGround(stack, environment);
  const kept = keptOf(environment);
  const guard = guardRemoval(stack, environment, kept);

  const records = makeTable(stack, environment);
  const queues = makeQueues(stack, environment);
  const network = makeNetwork(stack, environment);
  makeImageParameters(stack, environment);
  new CloudwatchLogGroup(stack, "instance-logs", {
    name: stackNames(environment.name).instanceLogs,
    retentionInDays: environment.logRetentionDays,
    ...(environment.kmsKeyArn === undefined ? {} : { kmsKeyId: environment.kmsKeyArn }),
  });
  const arns = arnsOf(environment);
  const launched = makeTemplates(stack, environment, network, (partition) =>
    makeInstanceProfile(stack, environment, arns, partition),
  );

  const parts = stack.node.findAll().flatMap((found) => {
    if (!(found instanceof TerraformResource) || found instanceof DataResource) return [];
    found.dependsOn = [...(found.dependsOn ?? []), dependable(guard)];
    // Terraform then destroys it after the update of what named it, not before ("The lifecycle Meta-Argument", create_before_destroy).
    found.lifecycle = { createBeforeDestroy: true };
    return [found];
  });
  const made = { queues, ...launched, subnets: network.subnets, ...configHashes(environment) };
  new DynamodbTableItem(stack, "defaults", {
    // It names what is there: everything new before it, and what is old only after.
    dependsOn: [guard, ...parts],
    tableName: records.name,
    hashKey: table.key,
    item: defaultsItem(defaultsOf(environment, { ...made, kept })),
  });
  guardDestroy(stack, environment);
  return stack;
}
