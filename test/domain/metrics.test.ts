// The metrics' names and units, as CloudWatch takes them.
import { expect, test } from "vitest";
import { environmentDimension, metricNamespace, metrics } from "../../domain/metrics.ts";

test("each metric has a name of its own and a unit that CloudWatch knows", () => {
  const all = Object.values(metrics);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  // CloudWatch API Reference, "MetricDatum": of its units these are the ones that runpool measures in; dollars are none.
  for (const { name, unit } of all) expect(["Count", "Milliseconds", "Seconds", "None"], name).toContain(unit);
});

test("names, dimension and namespace are words, and the namespace is not one of AWS's own", () => {
  const words = [metricNamespace, environmentDimension, ...Object.values(metrics).map(({ name }) => name)];
  for (const word of words) expect(word).toMatch(/^[A-Za-z][A-Za-z0-9]{0,254}$/);
  expect(metricNamespace).not.toMatch(/^AWS/i);
});
