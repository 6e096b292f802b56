// What a refresh has seen, metric by metric: each counts its own, and not its neighbours.
import { expect, test } from "vitest";
import { limits } from "../../domain/limits.ts";
import { metrics, type Metric } from "../../domain/metrics.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { RefreshReport } from "../../control/refresh/refresh.ts";
import { refreshMetrics } from "../../entry/lambdas/refresh-metrics.ts";
import { emptyReport } from "../control/empty-report.ts";
import { now, owned, recordOf } from "../control/record-of.ts";

const lines = (seen: Partial<RefreshReport>) =>
  refreshMetrics({ environment: "dev", now, report: { ...emptyReport, ...seen } }).map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
/** The values of the line without further dimensions, by the metric's own word. */
function whole(seen: Partial<RefreshReport>): Partial<Record<Metric, unknown>> {
  const [first = {}] = lines(seen);
  const present = (Object.keys(metrics) as Metric[]).filter((metric) => metrics[metric].name in first);
  return Object.fromEntries(present.map((metric) => [metric, first[metrics[metric].name]]));
}

const none = {
  servingCold: 0,
  servingWarm: 0,
  pastThreshold: 0,
  leaked: 0,
  ghosts: 0,
  requeued: 0,
  problems: 0,
  brakes: 0,
};
const serving = (assignment: number): InstanceRecord => recordOf({ ...owned, state: "running", assignment });
const registered = (changes: Partial<InstanceRecord>, ago: number): InstanceRecord => {
  const { assignment } = recordOf(changes);
  return recordOf({ ...changes, signal: signalOf("registered", assignment, now - ago) });
};
const finding = (kind: string) => ({ kind, instanceId: "i-1", why: "", done: true });
const ghost = { scope: "acme/shop", name: "r", id: 1 };
const brake = { resourceClass: "large" };

test.each<[what: string, seen: Partial<RefreshReport>, values: Partial<Record<Metric, unknown>>]>([
  ["nothing", {}, none],
  ["one that serves for the first time", { records: [serving(1)] }, { ...none, servingCold: 1 }],
  [
    "two from the pool beside it",
    { records: [serving(1), serving(2), serving(7)] },
    { ...none, servingCold: 1, servingWarm: 2 },
  ],
  ["one that is idle", { records: [recordOf({ state: "idle" })] }, none],
  ["one that boots for the pool", { records: [recordOf({ state: "running" })] }, none],
  ["one past its threshold", { records: [recordOf({ threshold: now - 1 })] }, { ...none, pastThreshold: 1 }],
  ["one that has a moment left", { records: [recordOf({ threshold: now + 1 })] }, none],
  ...(["terminating", "terminated"] as const).map(
    (state): [string, Partial<RefreshReport>, Partial<Record<Metric, unknown>>] => [
      `one past its threshold that is ${state}`,
      { records: [recordOf({ state, threshold: now - 1 })] },
      none,
    ],
  ),
  [
    "machines without a record, too old ones, and findings that are no leak",
    { findings: ["end-unrecorded", "end-overdue", "condemn"].map(finding) as never },
    { ...none, leaked: 2 },
  ],
  ["ghosts", { ghosts: [ghost, ghost] as never }, { ...none, ghosts: 2 }],
  ["lost messages", { requeued: 3 }, { ...none, requeued: 3 }],
  ["problems", { problems: ["a", "b"].map((problem) => ({ code: "overlay", problem })) }, { ...none, problems: 2 }],
  ["brakes", { brakes: [brake] as never }, { ...none, brakes: 1 }],
  [
    "a token of ten minutes",
    { tokens: { renewed: [], problems: [], oldestAt: now - 600_000 } },
    { ...none, tokenAge: 600_000 },
  ],
])("%s", (_, seen, values) => expect(whole(seen)).toEqual(values));

test.each<[what: string, record: InstanceRecord, starts: readonly number[] | undefined]>([
  ["registered since the last refresh", registered({ launchedAt: now - 90_000 }, 30_000), [60_000]],
  ["registered just before it", registered({ launchedAt: now - 9e5 }, limits.refreshMs), undefined],
  [
    "registered just after it",
    registered({ launchedAt: now - 9e5 }, limits.refreshMs - 1),
    [9e5 - limits.refreshMs + 1],
  ],
  ["registered again, from the pool", registered({ assignment: 2 }, 30_000), undefined],
  ["registered in a future that no clock has", registered({}, -limits.aheadMs - 1), undefined],
  ["that has left", recordOf({ said: "deregistered" }), undefined],
  ["that has said nothing", recordOf(), undefined],
])("the cold start of one %s", (_, record, starts) => expect(whole({ records: [record] }).coldStart).toEqual(starts));

test("vCPUs are those of machines alive, by what they are billed as", () => {
  const records = [
    recordOf({ usageClass: "spot", cpu: 4 }),
    recordOf({ usageClass: "spot", cpu: 8, state: "running" }),
    recordOf({ usageClass: "on-demand", cpu: 2 }),
    recordOf({ usageClass: "on-demand", cpu: 16, state: "terminating" }),
    recordOf({ usageClass: "spot", cpu: 16, state: "terminated" }),
  ];
  const billed = lines({ records }).filter(({ UsageClass }) => UsageClass !== undefined);
  expect(Object.fromEntries(billed.map(({ UsageClass, Vcpus }) => [String(UsageClass), Vcpus]))).toEqual({
    "on-demand": 2,
    spot: 12,
  });
});
