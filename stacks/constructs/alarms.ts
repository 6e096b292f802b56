// Alarms: one for each way in which an environment can fail unseen.
import type { TerraformStack } from "cdktf";
import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmConfig,
} from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js";
import { limits } from "../../domain/limits.ts";
import { environmentDimension, metricNamespace, metrics, type Metric } from "../../domain/metrics.ts";
import { unreadableQueueName } from "../../domain/class-keys.ts";
import { lambdaNames, queuedClasses, stackNames } from "../arns.ts";
import { lambdasOf } from "../lambdas.ts";
import type { Environment } from "../environment/environment.ts";
import { operationalOf } from "../environment/operational.ts";
import type { Lambda } from "./lambda.ts";

const periodS = limits.refreshMs / 1000;
/** A token is renewed at half of its life; at fifty minutes of sixty renewing has failed several times. */
const tokenAgeMs = 50 * 60_000;
/** CloudWatch takes ten metrics in one alarm's expression. */
const metricsAnAlarm = 10;

type Alarm = Omit<CloudwatchMetricAlarmConfig, "alarmName" | "evaluationPeriods" | "comparisonOperator"> & {
  readonly threshold: number;
};

/** Three refreshes in a row: a single one that fails is made up for by the next. */
const threeInARow = { evaluationPeriods: 3 };

const own = (environment: string, metric: Metric, dimensions: Record<string, string> = {}) => ({
  namespace: metricNamespace,
  metricName: metrics[metric].name,
  dimensions: { [environmentDimension]: environment, ...dimensions },
  statistic: "Maximum",
  period: periodS,
});

/** A metric within an expression. */
const within = (
  id: string,
  namespace: string,
  metricName: string,
  dimensions: Record<string, string>,
  stat: string,
) => ({
  id,
  metric: { namespace, metricName, dimensions, stat, period: periodS },
});

function unreadable(environment: Environment): readonly (readonly [id: string, Alarm])[] {
  const queues = queuedClasses(environment).map((resourceClass) =>
    unreadableQueueName(environment.name, resourceClass),
  );
  const groups = Array.from({ length: Math.ceil(queues.length / metricsAnAlarm) }, (_, at) =>
    queues.slice(at * metricsAnAlarm, (at + 1) * metricsAnAlarm),
  );
  return groups.map((group, at) => [
    `unreadable-${at + 1}`,
    {
      alarmDescription: "A pool message could not be read; its queue says why.",
      threshold: 0,
      metricQuery: [
        ...group.map((QueueName, id) =>
          within(`m${id}`, "AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName }, "Maximum"),
        ),
        { id: "all", expression: "SUM(METRICS())", label: "unreadable messages", returnData: true },
      ],
    },
  ]);
}

/** A lambda that fails, or stays away where it has to come; what it has left undone. */
export function alarmsOf(environment: string, lambda: Lambda): readonly (readonly [id: string, Alarm])[] {
  if ("noAlarm" in lambda) return [];
  const { function: FunctionName, deadLetters: QueueName } = lambdaNames(environment, lambda.name);
  const { failing, comes = false, deadLetters } = lambda.alarm;
  const errors = within("errors", "AWS/Lambda", "Errors", { FunctionName }, "Sum");
  const calls = within("calls", "AWS/Lambda", "Invocations", { FunctionName }, "Sum");
  return [
    [
      `${lambda.name}-failing`,
      {
        ...threeInARow,
        alarmDescription: failing,
        ...(comes
          ? {
              threshold: -1,
              treatMissingData: "breaching",
              metricQuery: [
                errors,
                calls,
                { id: "failed", expression: "errors - calls", label: "errors without a success", returnData: true },
              ],
            }
          : { threshold: 0, metricQuery: [{ ...errors, returnData: true }] }),
      },
    ],
    ...(deadLetters === undefined
      ? []
      : [
          [
            `${lambda.name}-dead-letters`,
            {
              alarmDescription: deadLetters,
              namespace: "AWS/SQS",
              metricName: "ApproximateNumberOfMessagesVisible",
              dimensions: { QueueName },
              statistic: "Maximum",
              period: periodS,
              threshold: 0,
            },
          ] as const,
        ]),
  ];
}

function swept(environment: Environment): readonly (readonly [id: string, Alarm])[] {
  const { name, alarms } = environment;
  return [
    [
      "past-threshold",
      {
        ...own(name, "pastThreshold"),
        ...threeInARow,
        alarmDescription: "Instances stay past their threshold though refresh condemns them.",
        threshold: 0,
      },
    ],
    [
      "refresh-problems",
      {
        ...own(name, "problems"),
        ...threeInARow,
        alarmDescription:
          "Refresh comes, and for a quarter of an hour could not do a part of its work: its log says which.",
        threshold: 0,
      },
    ],
    [
      "brakes",
      {
        ...own(name, "brakes"),
        alarmDescription:
          "Nothing more is bought of a pool: as many new machines of its image never got ready. Refresh's problems name it.",
        threshold: 0,
      },
    ],
    [
      "token-age",
      {
        ...own(name, "tokenAge"),
        alarmDescription: "A registration token is older than 50 minutes of its 60: soon no runner can register.",
        threshold: tokenAgeMs,
      },
    ],
    [
      "idle-above-ceiling",
      {
        ...own(name, "instances", { State: "idle" }),
        ...threeInARow,
        alarmDescription:
          "More instances are idle than alarms.idleCeiling of the environment file, half of limits.maxInstances unless given.",
        threshold: alarms.idleCeiling ?? Math.ceil(operationalOf(environment).maxInstances / 2),
      },
    ],
  ];
}

export function makeAlarms(stack: TerraformStack, environment: Environment, topicArn: string): void {
  const { prefix } = stackNames(environment.name);
  const ofLambdas = lambdasOf(environment).flatMap((lambda) => alarmsOf(environment.name, lambda));
  for (const [id, alarm] of [...unreadable(environment), ...ofLambdas, ...swept(environment)])
    new CloudwatchMetricAlarm(stack, id, {
      evaluationPeriods: 1,
      treatMissingData: "notBreaching",
      ...alarm,
      alarmName: `${prefix}_${id}`,
      comparisonOperator: "GreaterThanThreshold",
      alarmActions: [topicArn],
      okActions: [topicArn],
    });
}
