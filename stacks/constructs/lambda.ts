// A lambda with all that belongs to it: code, role, log, what wakes it, and where what it could not do is kept.
import { App, type TerraformStack } from "cdktf";
import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target/index.js";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping/index.js";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config/index.js";
import { LambdaFunctionUrl } from "@cdktf/provider-aws/lib/lambda-function-url/index.js";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function/index.js";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission/index.js";
import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule/index.js";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import type { Metric } from "../../domain/metrics.ts";
import { arnsOf, lambdaNames } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { keepsFailures, lambdaRole, scheduleRole } from "../policies/lambda-policy.ts";
import { policy, trustService, type Statement } from "../policies/policy.ts";
import { lambdaRuntime, writeArchive, type LambdaCode } from "./lambda-bundle.ts";

/** What wakes a lambda. Ids are of the stack; names are of the account, and told from another environment's by `_` or the lambda's own. */
export type Source =
  | {
      readonly kind: "schedule";
      readonly id: string;
      readonly name: string;
      readonly expression: string;
      readonly timezone: string;
      readonly event: object;
    }
  /** A queue of its own, with the lambda's name: who sends to it names it so. */
  | {
      readonly kind: "queue";
      /** Messages at once. */
      readonly batch: number;
      /** How long a batch is waited for; 0: not at all. Seconds. */
      readonly windowS?: number;
      /** Batches at once: 2 is the least that Lambda takes. */
      readonly concurrency: number;
      /** Deliveries of a message, before it is put to the dead letters. */
      readonly tries: number;
    }
  /** A public URL: its handler takes nothing that is not signed. */
  | { readonly kind: "url" }
  /** What changes in a table. `table`: its name. */
  | {
      readonly kind: "stream";
      readonly table: string;
      readonly arn: string;
      readonly batch: number;
      readonly tries: number;
    }
  /** Events of the account's default bus. */
  | { readonly kind: "rule"; readonly id: string; readonly name: string; readonly pattern: object };

/** The alarm of a failing lambda, or the reason for having none. */
export type Watch =
  | {
      readonly alarm: {
        /** What it means that the lambda fails, three periods in a row. */
        readonly failing: string;
        /** It has to come, and an alarm tells where it stays away. */
        readonly comes?: true;
        /** What it means that something is kept in its dead letters; for a lambda that has some. */
        readonly deadLetters?: string;
      };
    }
  | { readonly noAlarm: string };

export type Lambda = Watch & {
  /** Its handler is `entry/lambdas/<name>.lambda.ts`. */
  readonly name: string;
  readonly description: string;
  /** What it may, beside its log, its sources and its dead letters. */
  readonly statements: readonly Statement[];
  readonly sources: readonly Source[];
  readonly timeoutS: number;
  readonly memoryMiB: number;
  /** At most so many at once; and so many always, taken from what the account may. */
  readonly reservedConcurrency?: number;
  /** Beside RUNPOOL_ENVIRONMENT, and what Lambda gives. */
  readonly variables?: Readonly<Record<string, string>>;
  /** For calls that wait for no reply: how old an event may be, and how often it is tried again. */
  readonly events?: { readonly ageS: number; readonly retries: number };
  /** What its panel of the dashboard shows beside calls and errors. */
  readonly shown?: readonly { readonly metric: Metric; readonly label: string }[];
};

const keptS = 14 * 24 * 60 * 60;
/** Lambda Developer Guide, "Using Lambda with Amazon SQS": six times the function's time-out, and the window. */
const visibilityS = (timeoutS: number, windowS: number): number => 6 * timeoutS + windowS;

/** Beside the code, which Lambda unpacks into `/var/task` (Lambda Developer Guide, "Defined runtime environment variables"). */
const privateCaFile = "private-ca.pem";

/** What every lambda's entry reads; and Node.js itself, for a forge whose certificate is a private authority's. */
const variablesOf = (environment: Environment, lambda: Lambda): Record<string, string> => ({
  RUNPOOL_ENVIRONMENT: environment.name,
  ...(environment.privateCa === undefined ? {} : { NODE_EXTRA_CA_CERTS: `/var/task/${privateCaFile}` }),
  ...lambda.variables,
});

/** One archive for all environments, but where one has certificates of its own. */
const archiveOf = (environment: Environment, { name }: Lambda, code: LambdaCode, outdir: string) =>
  environment.privateCa === undefined
    ? writeArchive(name, code(name), outdir)
    : writeArchive(
        `${name}-${environment.name}`,
        code(name, { [privateCaFile]: Buffer.from(environment.privateCa) }),
        outdir,
      );

function makeDeadLetters(stack: TerraformStack, environment: Environment, { name }: Lambda): SqsQueue {
  return new SqsQueue(stack, `${name}-dead-letters`, {
    name: lambdaNames(environment.name, name).deadLetters,
    messageRetentionSeconds: keptS,
    sqsManagedSseEnabled: true,
  });
}

function makeSchedules(
  stack: TerraformStack,
  environment: Environment,
  lambda: Lambda,
  target: LambdaFunction,
  deadLetters: SqsQueue,
): void {
  const schedules = lambda.sources.filter((source) => source.kind === "schedule");
  if (schedules.length === 0) return;
  const role = new IamRole(stack, `${lambda.name}-schedule-role`, {
    name: lambdaNames(environment.name, lambda.name).schedule,
    assumeRolePolicy: trustService("scheduler.amazonaws.com", {
      StringEquals: { "aws:SourceAccount": environment.account },
    }),
  });
  new IamRolePolicy(stack, `${lambda.name}-schedule-policy`, {
    name: "schedule",
    role: role.name,
    policy: policy(scheduleRole(environment, arnsOf(environment), lambda)),
  });
  for (const { id, name, expression, timezone, event } of schedules)
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
        retryPolicy: { maximumEventAgeInSeconds: lambda.events?.ageS ?? 60, maximumRetryAttempts: 2 },
      },
    });
}

/** The queue of its own, which gives up what has failed too often; Lambda reads it. */
function makeQueue(
  stack: TerraformStack,
  environment: Environment,
  { name, timeoutS }: Lambda,
  source: Extract<Source, { kind: "queue" }>,
  target: LambdaFunction,
  deadLetters: SqsQueue,
): void {
  const { batch, windowS = 0, concurrency, tries } = source;
  const queue = new SqsQueue(stack, `${name}-queue`, {
    name: lambdaNames(environment.name, name).queue,
    visibilityTimeoutSeconds: visibilityS(timeoutS, windowS),
    messageRetentionSeconds: keptS,
    sqsManagedSseEnabled: true,
    redrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: tries }),
  });
  new LambdaEventSourceMapping(stack, `${name}-source`, {
    functionName: target.functionName,
    eventSourceArn: queue.arn,
    batchSize: batch,
    ...(windowS === 0 ? {} : { maximumBatchingWindowInSeconds: windowS }),
    functionResponseTypes: ["ReportBatchItemFailures"],
    scalingConfig: { maximumConcurrency: concurrency },
  });
}

/**
 * Anybody may call it (Lambda Developer Guide, "Control access to Lambda function URLs"): Terraform's provider lets InvokeFunctionUrl, and
 * since October 2025 InvokeFunction has to be let as well. That it be by the URL alone is said by a condition that the provider has from
 * 6.29 on, and not in the version that is locked: a call by name comes to the same door.
 */
function makeUrl(stack: TerraformStack, { name }: Lambda, target: LambdaFunction): void {
  new LambdaFunctionUrl(stack, `${name}-url`, { functionName: target.functionName, authorizationType: "NONE" });
  new LambdaPermission(stack, `${name}-url-calls`, {
    functionName: target.functionName,
    action: "lambda:InvokeFunction",
    principal: "*",
  });
}

function makeStream(
  stack: TerraformStack,
  { name }: Lambda,
  { arn, table, batch, tries }: Extract<Source, { kind: "stream" }>,
  target: LambdaFunction,
  deadLetters: SqsQueue,
): void {
  new LambdaEventSourceMapping(stack, `${name}-stream-${table}`, {
    functionName: target.functionName,
    eventSourceArn: arn,
    startingPosition: "LATEST",
    batchSize: batch,
    maximumRetryAttempts: tries - 1,
    functionResponseTypes: ["ReportBatchItemFailures"],
    destinationConfig: { onFailure: { destinationArn: deadLetters.arn } },
  });
}

function makeRule(
  stack: TerraformStack,
  { id, name, pattern }: Extract<Source, { kind: "rule" }>,
  target: LambdaFunction,
  deadLetters: SqsQueue,
): void {
  const rule = new CloudwatchEventRule(stack, id, { name, eventPattern: JSON.stringify(pattern) });
  new CloudwatchEventTarget(stack, `${id}-target`, {
    rule: rule.name,
    arn: target.arn,
    deadLetterConfig: { arn: deadLetters.arn },
  });
  new LambdaPermission(stack, `${id}-calls`, {
    functionName: target.functionName,
    action: "lambda:InvokeFunction",
    principal: "events.amazonaws.com",
    sourceArn: rule.arn,
  });
}

/** All of it in this stack. What its deployment and its watching need beside is derived from the same description. */
export function makeLambda(
  stack: TerraformStack,
  environment: Environment,
  lambda: Lambda,
  code: LambdaCode,
): LambdaFunction {
  const { name, events, reservedConcurrency } = lambda;
  const names = lambdaNames(environment.name, name);
  const deadLetters = keepsFailures(lambda) ? makeDeadLetters(stack, environment, lambda) : undefined;
  const { kmsKeyArn } = environment;
  const logs = new CloudwatchLogGroup(stack, `${name}-logs`, {
    name: names.logs,
    retentionInDays: environment.logRetentionDays,
    ...(kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn }),
  });
  const role = new IamRole(stack, `${name}-role`, {
    name: names.function,
    assumeRolePolicy: trustService("lambda.amazonaws.com"),
  });
  const rights = new IamRolePolicy(stack, `${name}-policy`, {
    name,
    role: role.name,
    policy: policy(lambdaRole(environment, arnsOf(environment), lambda)),
    ...(deadLetters === undefined ? {} : { dependsOn: [deadLetters] }),
  });
  const bundle = archiveOf(environment, lambda, code, App.of(stack).outdir);
  const made = new LambdaFunction(stack, name, {
    functionName: names.function,
    description: lambda.description,
    role: role.arn,
    runtime: lambdaRuntime,
    architectures: ["arm64"],
    handler: "index.handler",
    filename: bundle.filename,
    sourceCodeHash: bundle.sha256,
    memorySize: lambda.memoryMiB,
    timeout: lambda.timeoutS,
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
    environment: { variables: variablesOf(environment, lambda) },
    // Lambda asks a mapping's rights when it is made.
    dependsOn: [logs, rights],
  });
  if (events !== undefined && deadLetters !== undefined)
    new LambdaFunctionEventInvokeConfig(stack, `${name}-failures`, {
      functionName: made.functionName,
      maximumEventAgeInSeconds: events.ageS,
      maximumRetryAttempts: events.retries,
      destinationConfig: { onFailure: { destination: deadLetters.arn } },
    });
  for (const source of lambda.sources) {
    if (source.kind === "url") makeUrl(stack, lambda, made);
    else if (deadLetters === undefined) throw new Error(`${name}: what a ${source.kind} brings is kept where it fails`);
    else if (source.kind === "queue") makeQueue(stack, environment, lambda, source, made, deadLetters);
    else if (source.kind === "stream") makeStream(stack, lambda, source, made, deadLetters);
    else if (source.kind === "rule") makeRule(stack, source, made, deadLetters);
  }
  if (deadLetters !== undefined) makeSchedules(stack, environment, lambda, made, deadLetters);
  return made;
}
