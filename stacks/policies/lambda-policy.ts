// What a lambda may, beside what it says itself: its log, its sources, its dead letters; and what its deployment needs.
import { lambdaNames, stackNames, type Arns } from "../arns.ts";
import type { Lambda, Source } from "../constructs/lambda.ts";
import type { Environment } from "../environment/environment.ts";
import type { Statement } from "./policy.ts";

const has = ({ sources }: Lambda, ...kinds: readonly Source["kind"][]): boolean =>
  sources.some(({ kind }) => kinds.includes(kind));

/** A caller that waits for the reply sees a failure itself; every other failed event is kept. */
export const keepsFailures = (lambda: Lambda): boolean => has(lambda, "schedule", "queue", "stream", "rule");

const allow = (Sid: string, Action: readonly string[], ...Resource: readonly string[]): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
});

/** Of its role. */
export function lambdaRole(environment: Environment, arns: Arns, lambda: Lambda): readonly Statement[] {
  const names = lambdaNames(environment.name, lambda.name);
  const streams = lambda.sources.flatMap((source) =>
    source.kind === "stream" ? [arns.here("dynamodb", `table/${source.table}/stream/*`)] : [],
  );
  return [
    ...lambda.statements,
    allow(
      "WriteLogs",
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      `${arns.here("logs", `log-group:${names.logs}`)}:log-stream:*`,
    ),
    // A queue gives up its messages itself.
    ...(has(lambda, "schedule", "stream", "rule")
      ? [allow("KeepFailures", ["sqs:SendMessage"], arns.here("sqs", names.deadLetters))]
      : []),
    ...(has(lambda, "queue")
      ? [
          allow(
            "TakeMessages",
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            arns.here("sqs", names.queue),
          ),
        ]
      : []),
    ...(streams.length > 0
      ? [
          allow(
            "ReadChanges",
            ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map((name) => `dynamodb:${name}`),
            ...streams,
          ),
        ]
      : []),
  ];
}

/** Of the role in which its schedules call it. */
export const scheduleRole = ({ name }: Environment, arns: Arns, lambda: Lambda): readonly Statement[] => {
  const names = lambdaNames(name, lambda.name);
  return [
    allow("Call", ["lambda:InvokeFunction"], arns.here("lambda", `function:${names.function}`)),
    allow("KeepFailures", ["sqs:SendMessage"], arns.here("sqs", names.deadLetters)),
  ];
};

/** Names of its roles. */
export const lambdaRoles = (environment: string, lambda: Lambda): readonly string[] => {
  const names = lambdaNames(environment, lambda.name);
  return [names.function, ...(has(lambda, "schedule") ? [names.schedule] : [])];
};

/** Names of its queues. */
export const lambdaQueues = (environment: string, lambda: Lambda): readonly string[] => {
  const names = lambdaNames(environment, lambda.name);
  return [...(keepsFailures(lambda) ? [names.deadLetters] : []), ...(has(lambda, "queue") ? [names.queue] : [])];
};

const named = (service: string, names: string): readonly string[] =>
  names.split(/\s+/).map((name) => `${service}:${name}`);

/** Of the role that deploys them again: functions and what wakes them. Roles and queues are among the deployment's own. */
export function deployLambdas({ name }: Environment, arns: Arns, lambdas: readonly Lambda[]): readonly Statement[] {
  const { prefix } = stackNames(name);
  const functions = (which: readonly Lambda[]): readonly string[] =>
    which.map((lambda) => arns.here("lambda", `function:${lambdaNames(name, lambda.name).function}`));
  const which = (...kinds: readonly Source["kind"][]) => lambdas.filter((lambda) => has(lambda, ...kinds));
  const some = (list: readonly Lambda[], make: () => readonly Statement[]) => (list.length === 0 ? [] : make());
  const mapped = which("queue", "stream");
  return [
    allow(
      "Lambdas",
      named(
        "lambda",
        `CreateFunction DeleteFunction DeleteFunctionEventInvokeConfig GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration
        GetFunctionEventInvokeConfig ListTags ListVersionsByFunction PutFunctionEventInvokeConfig TagResource UntagResource
        UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig`,
      ),
      ...functions(lambdas),
    ),
    ...some(
      lambdas.filter(({ reservedConcurrency }) => reservedConcurrency !== undefined),
      () => [
        allow("Reserve", named("lambda", "DeleteFunctionConcurrency PutFunctionConcurrency"), ...functions(lambdas)),
      ],
    ),
    ...some(which("url", "rule"), () => [
      allow("LetCall", named("lambda", "AddPermission GetPolicy RemovePermission"), ...functions(which("url", "rule"))),
    ]),
    ...some(which("url"), () => [
      allow(
        "Urls",
        named("lambda", "CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig UpdateFunctionUrlConfig"),
        ...functions(which("url")),
      ),
    ]),
    ...some(mapped, () => [
      {
        // Service Authorization Reference: to make one knows no resource, but the function that it is for.
        ...allow(
          "Sources",
          named(
            "lambda",
            "CreateEventSourceMapping DeleteEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping",
          ),
          "*",
        ),
        Condition: { ArnEquals: { "lambda:FunctionArn": functions(mapped) } },
      },
    ]),
    ...some(which("schedule"), () => [
      allow(
        "Schedules",
        named("scheduler", "CreateSchedule DeleteSchedule GetSchedule UpdateSchedule"),
        ...which("schedule").map((lambda) =>
          arns.here("scheduler", `schedule/default/${lambdaNames(name, lambda.name).function}`),
        ),
        // The "_" ends the name: no other environment's continues so.
        arns.here("scheduler", `schedule/default/${prefix}_*`),
      ),
    ]),
    ...some(which("rule"), () => [
      allow(
        "Rules",
        named(
          "events",
          "DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets TagResource UntagResource",
        ),
        arns.here("events", `rule/${prefix}_*`),
      ),
    ]),
  ];
}
