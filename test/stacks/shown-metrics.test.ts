// Dashboard and alarms show nothing but what is there: metrics that refresh writes, queues and functions that the stacks make.
import { expect, test } from "vitest";
import { blocksOf, resourcesOf, textOf, type Block } from "../../sim/stack-file.ts";
import type { Told } from "../../domain/outcome.ts";
import { outcomeMetrics } from "../../entry/lambdas/outcome-metrics.ts";
import { refreshMetrics } from "../../entry/lambdas/refresh-metrics.ts";
import { emptyReport } from "../control/empty-report.ts";
import { recordOf } from "../control/record-of.ts";
import { exampleWith, stackNamed, synthesized } from "./synthesized.ts";

const stacks = synthesized(exampleWith({ alarms: { idleCeiling: 20 }, retiredClasses: ["huge"] }));
const observability = stackNamed(stacks, "example-observability");

type Dimensions = Readonly<Record<string, unknown>>;
const told = (namespace: string, name: string, dimensions: Dimensions): string =>
  `${namespace} ${name} ${JSON.stringify(Object.entries(dimensions).toSorted(([a], [b]) => a.localeCompare(b)))}`;

/** What one refresh writes that has seen an instance register, and a run that was ready and ended. */
function written(): readonly string[] {
  const serving = recordOf({ state: "running", said: "registered", owner: "github:run:1:1:ci" });
  const now = serving.signal?.at ?? 0;
  const tokens = { ...emptyReport.tokens, oldestAt: now };
  const report = { ...emptyReport, states: { running: 1 }, records: [serving], tokens };
  const run = { attempt: 1, provisionId: "p", repository: "octo-org/octo-repo", resourceClass: "large" } as const;
  const counts = { readyMs: 1, created: 1, reused: 1, claimsLost: 0, usdPerHour: 1 };
  const ready: Told = { runId: "1", outcome: { ...run, usageClass: "spot", at: now, ...counts } };
  return [
    ...refreshMetrics({ environment: "example", now, report }),
    ...outcomeMetrics("example", { ready: [ready], used: [{ ...ready, endedAt: now, instanceSeconds: 1, usd: 1 }] }),
  ];
}

test("instances are counted by state and class, those that have ended left out, and nothing where there are none", () => {
  const of = (state: "idle" | "terminated", resourceClass: string) => recordOf({ state, resourceClass });
  const records = [of("idle", "large"), of("idle", "large"), of("idle", "xlarge"), of("terminated", "large")];
  const report = { ...emptyReport, states: { idle: 2, terminated: 1 }, records };
  const lines = refreshMetrics({ environment: "example", now: 1, report })
    .map((line) => JSON.parse(line) as Emf)
    .filter((line) => "ResourceClass" in line);
  expect(lines.map(({ State, ResourceClass, Instances }) => [State, ResourceClass, Instances])).toEqual([
    ["idle", "large", 2],
    ["idle", "xlarge", 1],
  ]);
});

interface Emf {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  readonly [field: string]: unknown;
}

const emitted = written().flatMap((line) => {
  const document = JSON.parse(line) as Emf;
  return document._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name }) => told(Namespace, Name, Object.fromEntries(names.map((one) => [one, document[one]])))),
    ),
  );
});

const all = Object.values(stacks);
const queues = all.flatMap((stack) => resourcesOf(stack, "aws_sqs_queue")).map(([, queue]) => textOf(queue, "name"));
const functions = all
  .flatMap((stack) => resourcesOf(stack, "aws_lambda_function"))
  .map(([, one]) => textOf(one, "function_name"));
/** AWS's own metrics of what the stacks make (SQS Developer Guide and Lambda Developer Guide, "metrics"). */
const there = new Set([
  ...emitted,
  ...queues.map((QueueName) => told("AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName })),
  ...["Invocations", "Errors"].flatMap((name) =>
    functions.map((FunctionName) => told("AWS/Lambda", name, { FunctionName })),
  ),
]);

interface Widget {
  readonly properties: { readonly title: string; readonly metrics: readonly (readonly unknown[])[] };
}
const [dashboard] = resourcesOf(observability, "aws_cloudwatch_dashboard");
const { widgets } = JSON.parse(textOf(dashboard?.[1] ?? {}, "dashboard_body")) as { widgets: readonly Widget[] };

/** What a search finds: metrics of one name that have just these dimensions (CloudWatch User Guide, "search expression syntax"). */
function found(expression: string): readonly string[] {
  const [, schema = "", name = "", key = "", value = ""] =
    /^SEARCH\('\{([^}]+)\} MetricName="([^"]+)" AND (\w+)="([^"]+)"', '\w+', \d+\)$/.exec(expression) ?? [];
  const [namespace = "", ...dimensions] = schema.split(",");
  return emitted.filter((one) => {
    const [, pairs] = one.split(`${namespace} ${name} `);
    if (pairs === undefined) return false;
    const held = new Map(JSON.parse(pairs) as [string, string][]);
    return [...held.keys()].toSorted().join() === dimensions.toSorted().join() && held.get(key) === value;
  });
}

/** A line's metrics: by namespace, name, and dimensions in pairs, or by a search; none of another expression. */
function shown(line: readonly unknown[]): readonly string[] {
  const [options] = line as readonly [{ readonly expression?: string }];
  if (options.expression?.startsWith("SEARCH") === true) return found(options.expression);
  const [namespace, name, ...pairs] = line.filter((part) => typeof part === "string");
  if (namespace === undefined || name === undefined) return [];
  const dimensions = pairs.flatMap((key, at) => (at % 2 === 0 ? [[key, pairs[at + 1]] as const] : []));
  return [told(namespace, name, Object.fromEntries(dimensions))];
}

test.each(widgets)("the panel $properties.title shows metrics that there are", ({ properties }) => {
  const lines = properties.metrics.flatMap(shown);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !there.has(line))).toEqual([]);
});

test("every metric that refresh writes is on a panel, but the count of those that have ended", () => {
  const panels = new Set(widgets.flatMap(({ properties }) => properties.metrics.flatMap(shown)));
  expect(emitted.filter((one) => !panels.has(one))).toEqual([
    told("runpool", "Instances", { Environment: "example", State: "terminated" }),
  ]);
});

/** The metrics of an alarm: its own, or those of its expression. */
const watched = (alarm: Block): readonly string[] =>
  [alarm, ...blocksOf(alarm, "metric_query").flatMap((query) => blocksOf(query, "metric"))].flatMap((metric) =>
    metric["metric_name"] === undefined
      ? []
      : [told(textOf(metric, "namespace"), textOf(metric, "metric_name"), metric["dimensions"] as Dimensions)],
  );
const alarms = resourcesOf(observability, "aws_cloudwatch_metric_alarm");

test.each(alarms)("the alarm %s watches metrics that there are", (_, alarm) => {
  expect(watched(alarm).length).toBeGreaterThan(0);
  expect(watched(alarm).filter((one) => !there.has(one))).toEqual([]);
});

test("every queue of what cannot be read is watched, a retired class's too", () => {
  const seen = new Set(alarms.flatMap(([, alarm]) => watched(alarm)));
  const kept = queues.filter((name) => name.endsWith("-unreadable"));
  expect(kept).toContain("runpool-example_huge-unreadable");
  for (const QueueName of kept)
    expect(seen).toContain(told("AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName }));
});

test("however many classes there are, each queue of what cannot be read is watched by one alarm, of ten metrics at most", () => {
  const retiredClasses = Array.from({ length: 21 }, (_, index) => `old-${index}`);
  const many = synthesized(exampleWith({ retiredClasses }));
  const made = Object.values(many)
    .flatMap((stack) => resourcesOf(stack, "aws_sqs_queue"))
    .map(([, queue]) => textOf(queue, "name"))
    .filter((name) => name.endsWith("-unreadable"))
    .map((QueueName) => told("AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName }));
  expect(made.length).toBeGreaterThan(21);
  const groups = resourcesOf(stackNamed(many, "example-observability"), "aws_cloudwatch_metric_alarm")
    .filter(([id]) => id.startsWith("unreadable"))
    .map(([, alarm]) => watched(alarm));
  expect(groups.flat().toSorted((a, b) => a.localeCompare(b))).toEqual(made.toSorted((a, b) => a.localeCompare(b)));
  for (const group of groups) expect(group.length).toBeLessThanOrEqual(10);
});
