// Instances and pools as tables that stay readable at 60 columns.
import { brief } from "../words/durations.ts";
import { inColumns, type Cell, type Column } from "../words/columns.ts";
import { pulse, type InstanceShown, type PoolShown } from "./snapshot.ts";
import { plain, type Sink, type Style } from "../words/terminal.ts";

const columns: readonly Column[] = [
  { title: "INSTANCE" },
  { title: "STATE" },
  // A run's id with its attempt, and the beginning of its provision's name: that is a job's, of up to 100 characters.
  { title: "RUN", least: 15 },
  { title: "TYPE", spare: 1 },
  { title: "ZONE", spare: 3 },
  { title: "AGE", align: "right", spare: 2 },
  { title: "LEFT", align: "right" },
  { title: "BEAT", align: "right", spare: 0 },
];

const stateStyle: Readonly<Record<string, Style>> = {
  running: "green",
  claimed: "cyan",
  created: "cyan",
  terminating: "dim",
  terminated: "dim",
};

/** `us-east-1a` in `us-east-1` is `a`; another region's, or a local zone, stays as it is. */
const zoneIn = (region: string, zone: string): string =>
  zone.startsWith(region) && zone.length === region.length + 1 ? zone.slice(region.length) : zone;

/** Of what works for no run its owner. */
const runOf = ({ owner, runId, attempt, provisionId }: InstanceShown): string =>
  runId === undefined
    ? (owner ?? "-")
    : `${runId}${attempt === undefined || attempt === 1 ? "" : `/${attempt}`}${provisionId === undefined || provisionId === "provision" ? "" : ` ${provisionId}`}`;

const stateOf = ({ state, leaving, retired, busy }: InstanceShown): string => {
  if (retired && state !== "terminating" && state !== "terminated") return `${state}, retired`;
  if (leaving) return `${state}, leaving`;
  return busy && state === "running" ? `${state}, busy` : state;
};

export function instanceTable(instances: readonly InstanceShown[], region: string, out: Sink): readonly string[] {
  const style =
    (by: Style | undefined) =>
    (text: string): string =>
      by === undefined ? text : out.paint(by, text);
  const rows = instances.map((one): readonly Cell[] => {
    const beat = pulse(one);
    const ends = one.state === "terminating" || one.state === "terminated";
    return [
      { text: one.instanceId },
      { text: stateOf(one), paint: style(one.leaving ? "yellow" : stateStyle[one.state]) },
      { text: runOf(one) },
      { text: one.instanceType },
      { text: zoneIn(region, one.zone) },
      { text: brief(one.ageMs) },
      {
        text: one.state === "terminated" ? "-" : one.leftMs >= 0 ? brief(one.leftMs) : `-${brief(-one.leftMs)}`,
        paint: style(one.leftMs < 0 && !ends ? "red" : undefined),
      },
      {
        text: one.heartbeatAgeMs === undefined || ends ? "-" : brief(one.heartbeatAgeMs),
        paint: style(beat === "silent" ? "red" : beat === "late" ? "yellow" : undefined),
      },
    ].map((cell: Cell) => ({ ...cell, text: plain(cell.text) }));
  });
  return inColumns(columns, rows, out.columns(), (title) => out.paint("dim", title));
}

/** Classes without an instance or a message are left out. */
export function poolTable(pools: readonly PoolShown[], out: Sink): readonly string[] {
  const shown = ["idle", "created", "claimed", "running", "terminating"] as const;
  const present = pools.filter(({ states, queued }) => shown.some((state) => states[state] > 0) || (queued ?? 0) > 0);
  if (present.length === 0) return [];
  const titles: readonly Column[] = [
    { title: "CLASS" },
    ...shown.map((state) => ({ title: state.toUpperCase(), align: "right" as const })),
    { title: "QUEUED", align: "right" },
  ];
  const rows = present.map(({ resourceClass, states, queued }) =>
    [resourceClass, ...shown.map((state) => String(states[state])), queued === undefined ? "?" : String(queued)].map(
      (text) => ({ text }),
    ),
  );
  return inColumns(titles, rows, out.columns(), (title) => out.paint("dim", title));
}
