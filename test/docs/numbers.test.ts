// What the pages say in numbers and names is what the code has: prices, metrics, alarms, what a month costs.
import { expect, test } from "vitest";
import { textOf } from "../../sim/stack-file.ts";
import { metrics } from "../../domain/metrics.ts";
import { estimatedUsdPerHour } from "../../domain/prices.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { refreshMetrics } from "../../entry/lambdas/refresh-metrics.ts";
import { emptyReport } from "../control/empty-report.ts";
import { recordOf } from "../control/record-of.ts";
import { readText } from "../tidy/sources.ts";
import { alarms, billedAlarms } from "./costs-page.ts";
import { allRowsOf } from "./tables.ts";

const costs = readText("docs/costs.md");
const monitoring = readText("docs/monitoring.md");

test("the estimates of an instance's hour are those of the job summary", () => {
  const rows = allRowsOf(costs, "class", "for example");
  expect(rows.map(([name]) => name)).toEqual(expect.arrayContaining(Object.keys(defaultResourceClasses)));
  for (const [, type = "", onDemand, spot] of rows) {
    expect([type, onDemand]).toEqual([type, estimatedUsdPerHour(type, "on-demand")?.toFixed(3)]);
    expect([type, spot]).toEqual([type, estimatedUsdPerHour(type, "spot")?.toFixed(3)]);
  }
});

test("every metric is explained, with its unit", () => {
  expect(allRowsOf(monitoring, "metric", "unit").map(([name, unit]) => [name, unit])).toEqual(
    Object.values(metrics).map(({ name, unit }) => [name, unit.toLowerCase()]),
  );
});

test("every alarm is explained", () => {
  const [first] = allRowsOf(monitoring, "alarm runpool-<environment>_…");
  expect(first).toHaveLength(3);
  const explained = allRowsOf(monitoring, "alarm runpool-<environment>_…").map(([name = ""]) => name.replace(" …", ""));
  expect(explained.toSorted()).toEqual(
    alarms.map((alarm) => textOf(alarm, "alarm_name").replace(/^runpool-example_/, "")).toSorted(),
  );
});

const serving = recordOf({ state: "running", said: "registered", owner: "github:run:1:1:ci" });
const now = serving.signal?.at ?? 0;
const lines = refreshMetrics({
  environment: "example",
  now,
  report: {
    ...emptyReport,
    states: { running: 1 },
    records: [serving],
    tokens: { renewed: [], problems: [], oldestAt: now },
  },
});
interface Emf {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  readonly [dimension: string]: unknown;
}

/** Metrics as CloudWatch bills them: each name with each combination of dimensions. */
const billedMetrics = new Set(
  lines.flatMap((line) => {
    const document = JSON.parse(line) as Emf;
    return document._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
      Dimensions.flatMap((dimensions) =>
        Metrics.map(({ Name }) => [Name, ...dimensions.map((one) => document[one])].join("/")),
      ),
    );
  }),
).size;
test("a month's metrics and alarms are counted right, and the sum is right", () => {
  const rows = allRowsOf(costs, "what", "USD");
  const usdOf = (start: string): number => Number(rows.find(([what = ""]) => what.startsWith(start))?.[1]);
  expect(usdOf(`${billedMetrics} metrics of refresh`)).toBeCloseTo(billedMetrics * 0.3, 2);
  expect(usdOf(`alarms (${billedAlarms} metrics)`)).toBeCloseTo(billedAlarms * 0.1, 2);
  const at = rows.findIndex(([what]) => what === "together");
  const least = rows.slice(0, at).reduce((sum, [, usd = ""]) => sum + Number.parseFloat(usd), 0);
  const together = [Math.round(least), Math.round(least + 3)];
  expect(rows[at]?.[1]).toBe(`about ${together.join("–")}`);
  expect(readText("docs/deploy.md")).toContain(`About ${together.join(" to ")} dollars a month`);
  expect(readText("README.md")).toContain(`about ${together.join(" to ")} dollars`);
});
