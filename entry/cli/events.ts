// `runpool events`: changes of the instances, derived from their records; with --follow as they happen.
import type { Configuration } from "../../domain/configuration.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { OperatedWorld } from "../control-world.ts";
import { changesOf, type Change } from "./changes.ts";
import { command, type Option, type ValuesOf } from "./command.ts";
import { parseDuration } from "../../domain/duration.ts";
import { spoken } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { instanceId } from "./instance-id.ts";
import { repeatedly } from "./interrupts.ts";
import { plain, type Sink, type Style } from "../words/terminal.ts";

/** One scan of a small table. Of several changes within this time only the last is seen. */
const pollMs = 2_000;
const usualSinceMs = 3_600_000;

const options = [
  { name: "follow", short: "f", help: "show events from now on, until Ctrl-C" },
  {
    name: "since",
    value: "AGE",
    help: "how far back, e.g. 30m, 2h, 1d (default: 1h; with --follow: now)",
    accepts: {
      pattern: { test: (text) => parseDuration(text) !== undefined },
      words: "it is a duration with its unit, e.g. 30m or 1h30m",
    },
  },
  { name: "run-id", value: "ID", help: "only of this run" },
  { name: "instance", value: "ID", help: "only of this instance", accepts: instanceId },
] as const satisfies readonly Option[];
type Input = ValuesOf<(typeof options)[number]>;

export const eventsCommand = command({
  name: "events",
  summary: "show what happened to the instances",
  details:
    "The table keeps only each instance's current state and its agent's last signal. Without --follow the events are derived from these, " +
    "with times computed from thresholds. --follow polls every 2 s until Ctrl-C; of what changes twice in between, only the last change is shown. Times are UTC.",
  options,
  examples: [
    "runpool events -e prod --follow",
    "runpool events --since 2h --run-id 1001",
    "runpool events --follow --json | jq 'select(.event == \"condemned\")'",
  ],
  run: async (input, context) => {
    const world = await context.world();
    const { configuration } = await world.settings.load();
    const began = world.clock.now();
    const sinceMs = parseDuration(input.since ?? "") ?? (input.follow ? 0 : usualSinceMs);
    const printer = printerOf(input, { from: began - sinceMs, today: iso(began).slice(0, 10) }, context);
    const waiting = context.progress.waiting(() => "reading the instances");
    const first = await look(world, context, new Set()).finally(() => waiting.done());
    printer.print(
      first.flatMap((after) => changesOf({ before: undefined, after, since: 0, now: began }, configuration)),
    );
    if (!input.follow) {
      if (printer.count() === 0) context.progress.note(`No events in the last ${spoken(sinceMs)}: see --since`);
      return exitCodes.done;
    }
    return await follow({ world, configuration, records: first, at: began, printer, context });
  },
});

interface Printer {
  print(changes: readonly Change[]): void;
  /** How many were printed. */
  count(): number;
}

/** Prints the selected events, oldest first: a line each, or with `--json` an object each. */
function printerOf(
  input: Input,
  { from, today }: { readonly from: number; readonly today: string },
  { json, terminal: { out } }: Context,
): Printer {
  const chosen = ({ at, runId, instanceId }: Change): boolean =>
    at >= from &&
    (input["run-id"] === undefined || runId === input["run-id"]) &&
    (input.instance === undefined || instanceId === input.instance);
  let count = 0;
  return {
    count: () => count,
    print: (changes) => {
      for (const change of changes.filter(chosen).sort((a, b) => a.at - b.at)) {
        count++;
        out.write(json ? `${JSON.stringify({ ...change, at: iso(change.at) })}\n` : `${lineOf(change, today, out)}\n`);
      }
    },
  };
}

const iso = (at: number): string => new Date(at).toISOString();

const styles: Readonly<Record<string, Style>> = {
  created: "cyan",
  claimed: "cyan",
  started: "green",
  condemned: "yellow",
  retired: "yellow",
  "asked-to-leave": "yellow",
  ended: "dim",
  interrupted: "red",
  "prepare-failed": "red",
  "register-failed": "red",
  "listener-lost": "red",
};

/** `today`: events of that day are printed without the date. */
function lineOf({ at, instanceId, event, runId, attempt, detail }: Change, today: string, out: Sink): string {
  const when = iso(at);
  const moment = when.startsWith(today) ? when.slice(11, 19) : when.slice(5, 19).replace("T", " ");
  const run = runId === undefined ? "" : `run ${runId}${attempt === undefined || attempt === 1 ? "" : `/${attempt}`}`;
  const words = [run, detail ?? ""].filter((part) => part !== "").join("  ");
  const style = styles[event];
  const name = plain(event).padEnd(15);
  return `${out.paint("dim", moment)}  ${plain(instanceId)}  ${style === undefined ? name : out.paint(style, name)}  ${plain(words)}`.trimEnd();
}

/** Every record; a damaged one is reported once. */
async function look(world: OperatedWorld, context: Context, reported: Set<string>): Promise<readonly InstanceRecord[]> {
  const { items, damaged } = await world.instances.all();
  for (const { key, problem } of damaged) {
    if (!reported.has(key)) context.progress.warn(`damaged item: ${key}: ${problem}`);
    reported.add(key);
  }
  return items;
}

interface Following {
  readonly world: OperatedWorld;
  readonly configuration: Configuration;
  readonly records: readonly InstanceRecord[];
  /** When they were read. */
  readonly at: number;
  readonly printer: Printer;
  readonly context: Context;
}

async function follow({ world, configuration, records, at, printer, context }: Following): Promise<ExitCode> {
  const reported = new Set<string>();
  let known = new Map(records.map((record) => [record.key, record]));
  let since = at;
  const repetition = {
    clock: world.clock,
    everyMs: pollMs,
    begun: () => context.progress.note(`Following ${context.place().environment}; Ctrl-C ends it`),
    unreached: (problem: string) => context.progress.warn(problem),
  };
  await repeatedly(repetition, async () => {
    // AWS's time may have set the clock back: an event before the last look would never be shown.
    const now = Math.max(since, world.clock.now());
    const found = await look(world, context, reported);
    printer.print(
      found.flatMap((after) => changesOf({ before: known.get(after.key), after, since, now }, configuration)),
    );
    known = new Map(found.map((record) => [record.key, record]));
    since = now;
  });
  return exitCodes.done;
}
