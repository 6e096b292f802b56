// `runpool drain --all`: empties an environment.
import { drain } from "../../control/operate/drain.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { counted } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { interruptible } from "./interrupts.ts";
import { plain } from "../words/terminal.ts";

const name = "drain";

export const drainCommand = command({
  name,
  summary: "pause, end idle instances, ask the rest to leave",
  details:
    "Running jobs finish: none is cancelled before its instance's threshold. The environment stays paused " +
    "until runpool resume. Without --wait, instances that leave later go to the pool and end there when their idle time is over.",
  options: [
    { name: "all", help: "every instance of the environment (required)" },
    { name: "wait", help: "wait until EC2 reports every instance terminated" },
    {
      name: "reason",
      value: "TEXT",
      otherwise: "drained by an operator",
      help: "the pause's reason, also kept in the records",
      accepts: { pattern: /./, words: "say why, or leave it out" },
    },
  ],
  examples: ["runpool drain -e dev --all --wait", "runpool drain -e prod --all --reason 'moving to another region'"],
  run: async ({ all, wait, reason }, context) => {
    if (!all) throw new BadInput(["drain needs --all: it ends every instance of the environment"], name);
    const world = await context.world();
    const { environment } = context.place();
    let left = 0;
    const { result: drained, cancelled } = await interruptible(
      context.progress,
      {
        waiting: () => `draining, ${counted(left, "instance")} still to end`,
        first: () =>
          context.progress.note(
            `Stopping: ${environment} stays paused, and instances that were asked to leave still leave`,
          ),
      },
      (cancel) => drain(world, { reason, wait, cancel, left: (count) => (left = count) }),
    );
    const { ended, leaving, damaged } = drained;
    context.result({ environment, paused: true, ...drained }, () => [
      `${environment} is paused (runpool resume ends it): ${counted(ended.length, "instance")} ended, ${leaving.length} leaving`,
      ...leaving.map((instanceId) => `- ${instanceId}`),
    ]);
    for (const { key, problem } of damaged)
      context.terminal.err.write(`damaged item, left as it is: ${plain(key)}: ${plain(problem)}\n`);
    return drainCode(leaving.length, wait, cancelled);
  },
});

/** With --wait, instances that have not ended are a failure; without it, asking them to leave is all there is to do. */
export function drainCode(leaving: number, wait: boolean, interrupted: boolean): ExitCode {
  if (leaving === 0) return exitCodes.done;
  if (interrupted) return exitCodes.cancelled;
  return wait ? exitCodes.failed : exitCodes.done;
}
