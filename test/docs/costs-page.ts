// docs/costs.md as text: written by hand, but for the row that counts the alarms.
import example from "../../environments/example.ts";
import { resourcesOf, textOf, type StackFile } from "../../sim/stack-file.ts";
import { synthesized } from "../stacks/synthesized.ts";
import { readText } from "../tidy/sources.ts";

const { "example-observability": observability } = synthesized({ ...example, alarms: { idleCeiling: 20 } });
export const alarms = resourcesOf(observability as StackFile, "aws_cloudwatch_metric_alarm").map(([, alarm]) => alarm);

/** Alarms are billed by the metric that they look at; the ceiling is by choice. */
export const billedAlarms = alarms
  .filter((alarm) => !textOf(alarm, "alarm_name").endsWith("idle-above-ceiling"))
  .map((alarm) =>
    ((alarm["metric_query"] ?? []) as readonly { readonly metric?: unknown }[]).filter(({ metric }) => metric),
  )
  .reduce((sum, queries) => sum + Math.max(1, queries.length), 0);

export const costsPage = (): string =>
  readText("docs/costs.md").replace(/^\| alarms\b.*$/m, (row) => {
    const [what, usd] = [`alarms (${billedAlarms} metrics)`, (billedAlarms * 0.1).toFixed(2)];
    const [, first = "", second = ""] = row.split("|");
    return `| ${what.padEnd(first.length - 2)} | ${usd.padEnd(second.length - 2)} |`;
  });
