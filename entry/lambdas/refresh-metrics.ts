// What a refresh saw, as metrics: one line for each set of dimensions.
import { limits } from "../../domain/limits.ts";
import { isPast } from "../../domain/needs.ts";
import { lastSignalOf, states, type InstanceRecord, type UsageClass } from "../../domain/record.ts";
import type { RefreshReport } from "../../control/refresh/refresh.ts";
import { emfLine, mostValues, type Values } from "./emf.ts";

export interface Seen {
  readonly environment: string;
  /** Epoch ms. */
  readonly now: number;
  readonly report: RefreshReport;
}

const serves = ({ state, owner }: InstanceRecord): boolean => state === "running" && owner !== undefined;
const lives = ({ state }: InstanceRecord): boolean => state !== "terminated" && state !== "terminating";

/** From launch to the first registration, of those that registered since the refresh before this one. */
const coldStarts = ({ report, now }: Seen): readonly number[] =>
  report.records
    .flatMap((record) => {
      const signal = lastSignalOf(record);
      const isNew = signal !== undefined && signal.at > now - limits.refreshMs && signal.at <= now + limits.aheadMs;
      return isNew && signal.kind === "registered" && signal.assignment === 1 ? [signal.at - record.launchedAt] : [];
    })
    .slice(0, mostValues);

const vcpus = (records: readonly InstanceRecord[], usage: UsageClass): number =>
  records.filter((record) => lives(record) && record.usageClass === usage).reduce((sum, { cpu }) => sum + cpu, 0);

/**
 * How many instances there are of each class in each state, but for ended ones. Only what there is: CloudWatch bills a metric by the hours
 * in which it is written, and there are as many as states times classes.
 */
const byClass = (records: readonly InstanceRecord[]) => {
  const there = records.filter(({ state }) => state !== "terminated");
  const alike = Map.groupBy(there, ({ state, resourceClass }) => JSON.stringify([state, resourceClass]));
  return [...alike].map(([key, { length: instances }]) => {
    const [State, ResourceClass] = JSON.parse(key) as [string, string];
    return { dimensions: { State, ResourceClass }, instances };
  });
};

/** One line each, for the lambda's log. */
export function refreshMetrics(seen: Seen): readonly string[] {
  const { report, now } = seen;
  const { records, tokens } = report;
  const starts = coldStarts(seen);
  const serving = records.filter(serves);
  const whole: Values = {
    servingCold: serving.filter(({ assignment }) => assignment === 1).length,
    servingWarm: serving.filter(({ assignment }) => assignment > 1).length,
    pastThreshold: records.filter((record) => lives(record) && isPast(record, now)).length,
    leaked: report.findings.filter(({ kind }) => kind === "end-unrecorded" || kind === "end-overdue").length,
    ghosts: report.ghosts.length,
    requeued: report.requeued,
    problems: report.problems.length,
    brakes: report.brakes.length,
    ...(starts.length === 0 ? {} : { coldStart: starts }),
    ...(tokens.oldestAt === undefined ? {} : { tokenAge: now - tokens.oldestAt }),
  };
  const line = (dimensions: Readonly<Record<string, string>>, values: Values): string =>
    emfLine({ environment: seen.environment, at: now, dimensions, values });
  return [
    line({}, whole),
    ...states.map((State) => line({ State }, { instances: report.states[State] ?? 0 })),
    ...byClass(records).map(({ dimensions, instances }) => line(dimensions, { instances })),
    ...(["on-demand", "spot"] as const).map((UsageClass) =>
      line({ UsageClass }, { vcpus: vcpus(records, UsageClass) }),
    ),
  ];
}
