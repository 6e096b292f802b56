// The pool: table, queues, launch templates, what instances may do, and the environment's defaults. Read it top-down.
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { DynamodbTableItem } from "@cdktf/provider-aws/lib/dynamodb-table-item/index.js";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template/index.js";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import { table } from "../domain/table.ts";
import { arnsOf, stackNames } from "./arns.ts";
import { guardClasses } from "./class-guard.ts";
import { guardDestroy } from "./destroy-guard.ts";
import { defaultsItem, defaultsOf } from "./defaults.ts";
import type { Environment } from "./environment.ts";
import { layGround } from "./ground.ts";
import { makeImageParameters } from "./image-parameters.ts";
import { makeInstanceProfile } from "./instance-profile.ts";
import { configHash, makeTemplates } from "./launch-templates.ts";
import { makeNetwork } from "./network.ts";
import { makeQueues } from "./pool-queues.ts";
import { makeTable } from "./pool-table.ts";

const poolStackName = (environment: string): string => `${environment}-pool`;

export function poolStack(scope: Construct, environment: Environment): TerraformStack {
  const stack = new TerraformStack(scope, poolStackName(environment.name));
  layGround(stack, environment);

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

  const made = { queues, ...launched, subnets: network.subnets, configHash: configHash(environment) };
  const classes = stack.node.findAll().filter((found) => found instanceof SqsQueue || found instanceof LaunchTemplate);
  new DynamodbTableItem(stack, "defaults", {
    // A class that may not go is not forgotten either.
    dependsOn: [guardClasses(stack, environment, classes)],
    tableName: records.name,
    hashKey: table.key,
    item: defaultsItem(defaultsOf(environment, made)),
  });
  guardDestroy(stack, environment);
  return stack;
}
