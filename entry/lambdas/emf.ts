// A line in CloudWatch's embedded metric format: the lambda writes it to its log, CloudWatch makes metrics of it.
import { environmentDimension, metricNamespace, metrics, type Metric } from "../../domain/metrics.ts";

/** CloudWatch User Guide, "Specification: Embedded metric format": at most a hundred values a metric. */
export const mostValues = 100;

export type Values = Partial<Record<Metric, number | readonly number[]>>;

export interface EmfWish {
  readonly environment: string;
  /** Epoch ms; CloudWatch takes two weeks of the past. */
  readonly at: number;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly values: Values;
  /** Not dimensions, but can be queried in CloudWatch Logs Insights: each value of a dimension would be a metric of its own. */
  readonly properties?: Readonly<Record<string, string | number>>;
}

export function emfLine({ environment, at, dimensions = {}, values, properties = {} }: EmfWish): string {
  const all: Record<string, string> = { [environmentDimension]: environment, ...dimensions };
  const present = Object.entries(values) as [Metric, number | readonly number[]][];
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: metricNamespace,
          Dimensions: [Object.keys(all)],
          Metrics: present.map(([metric]) => ({ Name: metrics[metric].name, Unit: metrics[metric].unit })),
        },
      ],
    },
    ...properties,
    ...all,
    ...Object.fromEntries(present.map(([metric, value]) => [metrics[metric].name, value])),
  });
}
