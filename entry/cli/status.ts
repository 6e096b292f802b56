// `runpool status`: every instance and the pools, once or again and again.
import * as z from "zod/mini";
import { OutOfReach } from "../../cloud/ports.ts";
import { command } from "./command.ts";
import { brief, counted } from "./durations.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Ground } from "./ground.ts";
import { instanceTable, poolTable } from "./instance-table.ts";
import { onInterrupt } from "./interrupts.ts";
import { look } from "./look.ts";
import type { Snapshot } from "./snapshot.ts";
import { plain, type Sink } from "./terminal.ts";

/** Fresh enough for eyes, and one scan of a small table. */
const watchMs = 2_000;

export const statusCommand = command({
  name: "status",
  summary: "every instance, the pools, what is wrong",
  details:
    "RUN is the run's id, its attempt if not the first, and its provision's name. LEFT is the time until the instance's threshold, by which it must have changed state or ends; BEAT is the age of " +
    "its agent's last sign of life. Instances that have ended are left out (see runpool instances --all).",
  options: [{ name: "watch", short: "w", help: "again every 2 s until Ctrl-C (with --json one object a line)" }],
  examples: ["runpool status -e prod", "runpool status --watch", "runpool status --json | jq '.pools'"],
  schema: z.object({ watch: z._default(z.boolean(), false) }),
  run: async ({ watch }, ground) => {
    const world = await ground.world();
    const once = async (): Promise<Snapshot> => {
      const snapshot = await look(world, ground);
      return { ...snapshot, instances: snapshot.instances.filter(({ state }) => state !== "terminated") };
    };
    const { out } = ground.terminal;
    if (!watch) {
      const snapshot = await once();
      ground.result(snapshot, () => statusLines(snapshot, out));
      return exitCodes.done;
    }
    const interrupts = onInterrupt(
      () => undefined,
      () => undefined,
    );
    while (!interrupts.signal.aborted) {
      await once().then(
        (snapshot) => draw(snapshot, ground),
        // A watch outlives a moment without a network; what is wrong for good ends it.
        (error: unknown) => {
          if (!(error instanceof OutOfReach)) throw error;
          ground.progress.warn(error.message);
        },
      );
      await world.clock.sleep(watchMs, interrupts.signal);
    }
    interrupts.release();
    return exitCodes.done;
  },
});

/** On a terminal over what stood there, as much as it holds; elsewhere one after the other. */
function draw(snapshot: Snapshot, { json, terminal: { out } }: Ground): void {
  if (json) {
    out.write(`${JSON.stringify(snapshot)}\n`);
    return;
  }
  const lines = statusLines(snapshot, out);
  const room = (out.rows() ?? Number.POSITIVE_INFINITY) - 1;
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  out.write(
    out.terminal ? `\u001b[H${shown.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J` : `${lines.join("\n")}\n\n`,
  );
}

export function statusLines(snapshot: Snapshot, out: Sink): readonly string[] {
  const { environment, region, at, paused, instances, pools, damaged } = snapshot;
  const blocks: (readonly string[])[] = [
    [
      `${out.paint("bold", environment)} in ${region}: ${counted(instances.length, "instance")}`,
      ...(paused === undefined
        ? []
        : [
            out.paint(
              "yellow",
              `paused${paused.at === 0 ? "" : ` for ${brief(at - paused.at)}`}: ${plain(paused.reason)}`,
            ) + " (runpool resume ends it)",
          ]),
    ],
    instances.length === 0 ? [] : instanceTable(instances, region, out),
    poolTable(pools, out),
    damaged.length === 0
      ? []
      : [
          out.paint("yellow", `${counted(damaged.length, "damaged item")}; nothing is decided by them:`),
          ...damaged.map(({ key, problem }) => `- ${plain(key)}: ${plain(problem)}`),
        ],
  ];
  return blocks.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}
