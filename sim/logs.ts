// The embedded CloudWatch Logs: groups, their streams, and reading a stream from either end.
//
// Not modelled: retention, filter patterns, sequence tokens (AWS ignores them too), permissions.
import type { Clock } from "../cloud/ports/clock.ts";
import { AwsFault, type Service } from "./http/service.ts";

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}
interface Stream {
  readonly creationTime: number;
  readonly events: LogEvent[];
}
type Streams = Map<string, Stream>;

export interface Logs {
  readonly service: Service;
  /** Furnishing: writes a line as a machine's own agent would; makes group and stream where they are missing. */
  put(group: string, stream: string, message: string): void;
  /** Furnishing. */
  addGroup(group: string): void;
}

const missing = (what: string): AwsFault =>
  new AwsFault("ResourceNotFoundException", `The specified log ${what} does not exist.`);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** CloudWatch Logs API Reference, GetLogEvents: at most this many events a page, which is also the default. */
const pageMost = 10_000;

/** A token names the position between events at which the next page begins. */
const tokenAt = (way: "f" | "b", position: number): string => `${way}/${String(position).padStart(56, "0")}`;
function positionOf(token: string): number {
  const [, position] = /^[fb]\/(\d{56})$/.exec(token) ?? [];
  if (position === undefined) throw new AwsFault("InvalidParameterException", "The specified nextToken is invalid.");
  return Number(position);
}

/**
 * GetLogEvents: from the end where `startFromHead` is not set; the token comes back unchanged where there is nothing more. A forward token
 * without `startFromHead`, which the API Reference forbids, is refused here, since it does not say what AWS then does.
 */
function readEvents(events: readonly LogEvent[], input: Record<string, unknown>): object {
  const most = Math.min(pageMost, Number(input["limit"] ?? pageMost));
  const token = input["nextToken"];
  const forward = typeof token === "string" ? token.startsWith("f/") : input["startFromHead"] === true;
  if (typeof token === "string" && forward && input["startFromHead"] !== true)
    throw new AwsFault("InvalidParameterException", "A forward nextToken needs startFromHead.");
  const edge = typeof token === "string" ? positionOf(token) : forward ? 0 : events.length;
  const from = forward ? edge : Math.max(0, edge - most);
  const to = forward ? Math.min(events.length, edge + most) : edge;
  return {
    events: events.slice(from, to).map((event) => ({ ...event, ingestionTime: event.timestamp })),
    nextForwardToken: tokenAt("f", to),
    nextBackwardToken: tokenAt("b", from),
  };
}

/** CloudWatch Logs API Reference, DescribeLogStreams: at most 50 a page; a prefix does not go with the order of the last event. */
function describeStreams(streams: Streams, input: Record<string, unknown>): object {
  const { logStreamNamePrefix: prefix, orderBy, limit = 50 } = input;
  if (!Number.isInteger(limit) || Number(limit) < 1 || Number(limit) > 50)
    throw new AwsFault(
      "InvalidParameterException",
      `1 validation error detected: Value '${String(limit)}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50`,
    );
  if (prefix !== undefined && orderBy === "LastEventTime")
    throw new AwsFault("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.");
  const all = [...streams]
    .filter(([name]) => name.startsWith(text(prefix)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([logStreamName, { creationTime }]) => ({ logStreamName, creationTime }));
  const from = typeof input["nextToken"] === "string" ? Number(input["nextToken"]) : 0;
  const to = from + Number(limit);
  return { logStreams: all.slice(from, to), ...(to < all.length ? { nextToken: String(to) } : {}) };
}

export function logs({ clock }: { readonly clock: Clock }): Logs {
  const groups = new Map<string, Streams>();
  const groupOf = (input: Record<string, unknown>): Streams => {
    const found = groups.get(text(input["logGroupName"]));
    if (found === undefined) throw missing("group");
    return found;
  };
  const streamOf = (input: Record<string, unknown>): LogEvent[] => {
    const found = groupOf(input).get(text(input["logStreamName"]));
    if (found === undefined) throw missing("stream");
    return found.events;
  };
  const actions: Readonly<Record<string, (input: Record<string, unknown>) => object>> = {
    DescribeLogStreams: (input) => describeStreams(groupOf(input), input),
    GetLogEvents: (input) => readEvents(streamOf(input), input),
  };
  const addGroup = (name: string): Streams => {
    const group = groups.get(name) ?? new Map<string, Stream>();
    groups.set(name, group);
    return group;
  };
  return {
    service: async ({ action, input }) => {
      const act = actions[action];
      if (act === undefined) throw new AwsFault("UnknownOperationException", "");
      return act(input);
    },
    addGroup: (name) => void addGroup(name),
    put: (name, stream, message) => {
      const group = addGroup(name);
      const found = group.get(stream) ?? { creationTime: clock.now(), events: [] };
      group.set(stream, found);
      found.events.push({ timestamp: clock.now(), message });
    },
  };
}
