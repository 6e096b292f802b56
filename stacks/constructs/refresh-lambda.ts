// Refresh as a lambda on a schedule: what it may do, how often it comes, and where its failures are kept.
import { App, type TerraformStack } from "cdktf";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config/index.js";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function/index.js";
import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule/index.js";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import { limits } from "../../domain/limits.ts";
import { arnsOf, floorsScheduleName, stackNames } from "../arns.ts";
import { refreshRolePolicy } from "../policies/control-policy.ts";
import type { Environment } from "../environment/environment.ts";
import { lambdaRuntime, writeArchive, type LambdaCode } from "./lambda-bundle.ts";
import { policy, trustService } from "../policies/policy.ts";

/** Less than its period, so that a hung one is over before the next begins. Seconds. */
const timeoutS = limits.refreshLimitMs / 1000;
/** A missed refresh is made up for by the next one: nothing is gained by an old event. Seconds; 60 is the least. */
const eventAgeS = 60;

/** Beside the code, which Lambda unpacks into `/var/task` (Lambda Developer Guide, "Defined runtime environment variables"). */
const privateCaFile = "private-ca.pem";

/** What the lambda's entry reads; and Node.js itself, for a forge whose certificate is a private authority's. */
const variablesOf = (environment: Environment): Record<string, string> => ({
  RUNPOOL_ENVIRONMENT: environment.name,
  ...(environment.privateCa === undefined ? {} : { NODE_EXTRA_CA_CERTS: `/var/task/${privateCaFile}` }),
});

/** One archive for all, but where an environment has certificates of its own. */
const archiveOf = ({ name, privateCa }: Environment, code: LambdaCode, outdir: string) =>
  privateCa === undefined
    ? writeArchive("refresh", code.refresh, outdir)
    : writeArchive(`refresh-${name}`, code.refreshWith({ [privateCaFile]: Buffer.from(privateCa) }), outdir);

function makeRole(stack: TerraformStack, environment: Environment, deadLetters: SqsQueue): IamRole {
  const arns = arnsOf(environment);
  const names = stackNames(environment.name);
  const role = new IamRole(stack, "refresh-role", {
    name: names.refresh,
    assumeRolePolicy: trustService("lambda.amazonaws.com"),
  });
  new IamRolePolicy(stack, "refresh-policy", {
    name: "refresh",
    role: role.name,
    policy: policy(refreshRolePolicy(environment, arns)),
    dependsOn: [deadLetters],
  });
  return role;
}

/** The period, and the clock's idle floors: each schedule brings its own event. */
function makeSchedules(stack: TerraformStack, environment: Environment, target: LambdaFunction, deadLetters: SqsQueue) {
  const arns = arnsOf(environment);
  const names = stackNames(environment.name);
  const role = new IamRole(stack, "schedule-role", {
    name: names.schedule,
    assumeRolePolicy: trustService("scheduler.amazonaws.com", {
      StringEquals: { "aws:SourceAccount": environment.account },
    }),
  });
  new IamRolePolicy(stack, "schedule-policy", {
    name: "schedule",
    role: role.name,
    policy: policy([
      {
        Sid: "CallRefresh",
        Effect: "Allow",
        Action: ["lambda:InvokeFunction"],
        Resource: [arns.here("lambda", `function:${names.refresh}`)],
      },
      {
        Sid: "KeepFailures",
        Effect: "Allow",
        Action: ["sqs:SendMessage"],
        Resource: [arns.here("sqs", names.refreshDeadLetters)],
      },
    ]),
  });
  const schedule = (id: string, name: string, expression: string, timezone: string, event: object) =>
    new SchedulerSchedule(stack, id, {
      name,
      scheduleExpression: expression,
      scheduleExpressionTimezone: timezone,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: target.arn,
        roleArn: role.arn,
        input: JSON.stringify(event),
        deadLetterConfig: { arn: deadLetters.arn },
        retryPolicy: { maximumEventAgeInSeconds: eventAgeS, maximumRetryAttempts: 2 },
      },
    });
  schedule("every-period", names.refresh, `rate(${limits.refreshMs / 60_000} minutes)`, "UTC", {});
  // They only wake it at the minute: it reads from the configuration what the clock says, and does so at every other time too.
  for (const { name, cron, timezone } of environment.schedules)
    schedule(`floors-${name}`, floorsScheduleName(environment.name, name), cron, timezone, { schedule: name });
}

export function makeRefresh(stack: TerraformStack, environment: Environment, code: LambdaCode): void {
  const names = stackNames(environment.name);
  const { kmsKeyArn } = environment;
  const deadLetters = new SqsQueue(stack, "refresh-dead-letters", {
    name: names.refreshDeadLetters,
    messageRetentionSeconds: 14 * 24 * 60 * 60,
    sqsManagedSseEnabled: true,
  });
  const logs = new CloudwatchLogGroup(stack, "refresh-logs", {
    name: names.refreshLogs,
    retentionInDays: environment.logRetentionDays,
    ...(kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn }),
  });
  const bundle = archiveOf(environment, code, App.of(stack).outdir);
  const lambda = new LambdaFunction(stack, "refresh", {
    functionName: names.refresh,
    description: "runpool: renews tokens, sweeps what must end, finishes what others left undone",
    role: makeRole(stack, environment, deadLetters).arn,
    runtime: lambdaRuntime,
    architectures: ["arm64"],
    handler: "index.handler",
    filename: bundle.filename,
    sourceCodeHash: bundle.sha256,
    memorySize: 512,
    timeout: timeoutS,
    environment: { variables: variablesOf(environment) },
    dependsOn: [logs],
  });
  new LambdaFunctionEventInvokeConfig(stack, "refresh-failures", {
    functionName: lambda.functionName,
    maximumEventAgeInSeconds: eventAgeS,
    maximumRetryAttempts: 0,
    destinationConfig: { onFailure: { destination: deadLetters.arn } },
  });
  makeSchedules(stack, environment, lambda, deadLetters);
}
