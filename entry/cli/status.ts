// `runpool status`: every instance and the pools, once or again and again.
import { command } from "./command.ts";
import { brief, counted } from "../words/durations.ts";
import { exitCodes } from "./exit-codes.ts";
import { frames } from "../words/frame.ts";
import type { Context } from "./context.ts";
import { instanceTable, poolTable } from "./instance-table.ts";
import { repeatedly } from "./interrupts.ts";
import { look } from "./look.ts";
import type { Snapshot } from "./snapshot.ts";
import { plain, type Sink, type Style } from "../words/terminal.ts";
import { hanging, wrap } from "../words/wrap.ts";

/** Fresh enough for eyes, and one scan of a small table. */
const watchMs = 2_000;

export const statusCommand = command({
  name: "status",
  summary: "show instances, pools and problems",
  details:
    "RUN is the run's id, its attempt if not the first, and its provision's name, or another owner. LEFT is the time until the instance's threshold, when it changes state or ends. BEAT is the age of " +
    "its agent's last heartbeat. QUEUED is the number of messages in the class's queue, including stale ones. Ended instances are not shown (see runpool instances --all).",
  options: [{ name: "watch", short: "w", help: "repeat every 2 s until Ctrl-C (with --json one object per line)" }],
  examples: ["runpool status -e prod", "runpool status --watch", "runpool status --json | jq '.pools'"],
  run: async ({ watch }, context) => {
    const world = await context.world();
    const once = async (): Promise<Snapshot> => {
      const snapshot = await look(world, context);
      return { ...snapshot, instances: snapshot.instances.filter(({ state }) => state !== "terminated") };
    };
    const { out } = context.terminal;
    if (!watch) {
      const snapshot = await once();
      context.result(snapshot, () => statusLines(snapshot, out));
      return exitCodes.done;
    }
    const { draw, unreached } = pictures(context);
    await repeatedly({ clock: world.clock, everyMs: watchMs, unreached }, async () => draw(await once()));
    return exitCodes.done;
  },
});

interface Pictures {
  draw(this: void, snapshot: Snapshot): void;
  /** The environment could not be looked at. */
  unreached(this: void, problem: string): void;
}

/** On a terminal over what stood there, as much as it holds; elsewhere one after the other. */
export function pictures({
  json,
  terminal: { out },
  progress,
}: Pick<Context, "json" | "terminal" | "progress">): Pictures {
  const warn = (problem: string): void => progress.warn(problem);
  if (json) return { draw: (one) => out.write(`${JSON.stringify(one)}\n`), unreached: warn };
  if (!out.terminal) return { draw: (one) => out.write(`${statusLines(one, out).join("\n")}\n\n`), unreached: warn };
  const frame = frames(out);
  let last: Snapshot | undefined;
  const show = (snapshot: Snapshot, problem?: string): void => {
    const asOf = `As of ${new Date(snapshot.at).toISOString().slice(11, 19)} UTC; press Ctrl-C to stop`;
    const head = [
      out.paint("dim", asOf),
      ...(problem === undefined ? [] : wrap(plain(problem), out.columns())).map((line) => out.paint("yellow", line)),
    ];
    const whole = statusLines(snapshot, out);
    // If it does not fit, omit instances: the pools show most in few lines.
    const over = head.length + whole.length - frame.room();
    frame.draw([...head, ...(over <= 0 ? whole : statusLines(snapshot, out, snapshot.instances.length - over - 1))]);
  };
  return {
    draw: (snapshot) => show((last = snapshot)),
    unreached: (problem) => (last === undefined ? warn(problem) : show(last, problem)),
  };
}

/** `most`: so many instances at most, and how many more there are. */
export function statusLines(snapshot: Snapshot, out: Sink, most = Number.POSITIVE_INFINITY): readonly string[] {
  const { environment, region, at, paused, instances, pools, damaged } = snapshot;
  const text = (words: string, style: Style): readonly string[] =>
    wrap(words, out.columns()).map((line) => out.paint(style, line));
  const table = instanceTable(instances, region, out);
  const listed = Math.max(0, Math.min(most, instances.length));
  const unlisted = listed === instances.length ? [] : [`… ${counted(instances.length - listed, "more instance")}`];
  const blocks: (readonly string[])[] = [
    [
      `${out.paint("bold", environment)} in ${region}: ${counted(instances.length, "instance")}`,
      ...(paused === undefined
        ? []
        : text(
            `paused${paused.at === 0 ? "" : ` for ${brief(at - paused.at)}`}: ${plain(paused.reason)} (runpool resume ends it)`,
            "yellow",
          )),
    ],
    instances.length === 0 ? [] : [...table.slice(0, listed + 1), ...unlisted],
    poolTable(pools, out),
    damaged.length === 0
      ? []
      : [
          ...text(`${counted(damaged.length, "damaged item")}, ignored by every decision:`, "yellow"),
          ...damaged.flatMap(({ key, problem }) => hanging(`- ${plain(key)}: ${plain(problem)}`, 2, out.columns())),
        ],
  ];
  return blocks.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}
