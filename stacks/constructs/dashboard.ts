// The dashboard of an environment, as CloudWatch's own JSON ("Dashboard Body Structure and Syntax").
import { limits } from "../../domain/limits.ts";
import { environmentDimension, metricNamespace, metrics, type Metric } from "../../domain/metrics.ts";
import { queueName, unreadableQueueName } from "../../domain/class-keys.ts";
import { states } from "../../domain/record.ts";
import { lambdaNames, queuedClasses } from "../arns.ts";
import { lambdasOf } from "../lambdas.ts";
import type { Environment } from "../environment/environment.ts";
import type { Lambda } from "./lambda.ts";

const periodS = limits.refreshMs / 1000;
/** An estimate: m-family Linux in us-east-1 costs 0.048 USD a vCPU and hour on demand; spot is taken at 40 % of it. */
const usdPerVcpuHour = { "on-demand": 0.048, spot: 0.019 } as const;

type Line = readonly unknown[];

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly stat?: string;
  readonly stacked?: boolean;
}

const own = (environment: string, metric: Metric, dimensions: readonly string[], shown: object): Line => [
  metricNamespace,
  metrics[metric].name,
  environmentDimension,
  environment,
  ...dimensions,
  shown,
];

/** Whatever classes there are, retired ones too: a metric is there for as long as instances of that class and state are. */
const byStateAndClass = (name: string): Line => {
  const schema = [metricNamespace, environmentDimension, "ResourceClass", "State"].join();
  const wanted = `MetricName="${metrics.instances.name}" AND ${environmentDimension}="${name}"`;
  return [{ expression: `SEARCH('{${schema}} ${wanted}', 'Maximum', ${periodS})`, id: "pools" }];
};

const costPanel = (name: string): Panel => ({
  title: "Cost of machines, USD an hour (estimate by vCPU)",
  lines: [
    ...(["on-demand", "spot"] as const).map((usage, at) =>
      own(name, "vcpus", ["UsageClass", usage], { id: `v${at}`, visible: false }),
    ),
    [
      {
        expression: `v0*${usdPerVcpuHour["on-demand"]}+v1*${usdPerVcpuHour.spot}`,
        label: "USD an hour",
        id: "cost",
      },
    ],
  ],
});

/** How runs fare: their waiting, where their instances come from, what they cost. */
const ofRuns = (name: string): readonly Panel[] => [
  {
    title: "Time to ready of new instances",
    stat: "p90",
    lines: [
      own(name, "coldStart", [], { label: "p90, launch to registered" }),
      own(name, "coldStart", [], { label: "median", stat: "p50" }),
    ],
  },
  {
    title: "Time to ready of runs",
    stat: "p90",
    lines: [
      own(name, "timeToReady", [], { label: "p90, asked to all registered" }),
      own(name, "timeToReady", [], { label: "median", stat: "p50" }),
    ],
  },
  {
    title: "Instances of runs: created against reused, and claims lost",
    stat: "Sum",
    lines: [
      own(name, "created", [], { label: "created" }),
      own(name, "reused", [], { label: "from the pool" }),
      own(name, "claimsLost", [], { label: "claims lost" }),
    ],
  },
  {
    title: "Serving runs: cold against warm",
    stacked: true,
    lines: [
      own(name, "servingCold", [], { label: "created for their run" }),
      own(name, "servingWarm", [], { label: "from the pool" }),
    ],
  },
  {
    title: "Runs that ended: USD (estimate), and their instances' seconds",
    stat: "Sum",
    lines: [
      own(name, "cost", [], { label: "USD" }),
      own(name, "instanceSeconds", [], { label: "instance seconds", yAxis: "right" }),
    ],
  },
];

const queue = (QueueName: string, label: string): Line => [
  "AWS/SQS",
  "ApproximateNumberOfMessagesVisible",
  "QueueName",
  QueueName,
  { label },
];

/** A lambda's calls and errors, what waits for it, and what it says itself. */
export const panelOf = (environment: string, { name, sources, shown = [] }: Lambda): Panel => {
  const names = lambdaNames(environment, name);
  const called = (metric: string, label: string): Line => [
    "AWS/Lambda",
    metric,
    "FunctionName",
    names.function,
    { label },
  ];
  return {
    title: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    stat: "Sum",
    lines: [
      called("Invocations", "calls"),
      called("Errors", "errors"),
      ...(sources.some(({ kind }) => kind === "queue") ? [queue(names.queue, "waiting")] : []),
      ...shown.map(({ metric, label }) => own(environment, metric, [], { label, stat: "Maximum", yAxis: "right" })),
    ],
  };
};

const panelsOf = (environment: Environment): readonly Panel[] => {
  const { name } = environment;
  const classes = queuedClasses(environment);
  return [
    {
      title: "Instances by state",
      stacked: true,
      lines: states
        .filter((state) => state !== "terminated")
        .map((state) => own(name, "instances", ["State", state], { label: state })),
    },
    { title: "Instances by state and class", stacked: true, lines: [byStateAndClass(name)] },
    { title: "Pool messages by class", stacked: true, lines: classes.map((one) => queue(queueName(name, one), one)) },
    ...ofRuns(name),
    {
      title: "Found by refresh",
      lines: (["pastThreshold", "leaked", "ghosts", "requeued", "brakes", "problems"] as const).map((metric) =>
        own(name, metric, [], { label: metrics[metric].name }),
      ),
    },
    costPanel(name),
    { title: "Unreadable messages", lines: classes.map((one) => queue(unreadableQueueName(name, one), one)) },
    ...lambdasOf(environment).map((lambda) => panelOf(name, lambda)),
  ];
};

export const dashboardBody = (environment: Environment): string =>
  JSON.stringify({
    widgets: panelsOf(environment).map(({ title, lines, stat, stacked }, at) => ({
      type: "metric",
      x: (at % 2) * 12,
      y: Math.floor(at / 2) * 6,
      width: 12,
      height: 6,
      properties: {
        title,
        region: environment.region,
        period: periodS,
        stat: stat ?? "Maximum",
        view: "timeSeries",
        stacked: stacked ?? false,
        metrics: lines,
      },
    })),
  });
