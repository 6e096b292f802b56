// `runpool drain --all`: empties an environment.
import * as z from "zod/mini";
import { drain } from "../../control/operate/drain.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { counted } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { onInterrupt } from "./interrupts.ts";
import { plain } from "../words/terminal.ts";

const name = "drain";

export const drainCommand = command({
  name,
  summary: "pause, end what is idle, ask the rest to leave",
  details:
    "Running jobs are finished: no job is cancelled before its instance's threshold. The environment stays paused " +
    "until runpool resume. Without --wait, what leaves later goes to the pool and ends there by its idle time.",
  options: [
    { name: "all", help: "every instance of the environment (there is no other choice yet; say it)" },
    { name: "wait", help: "until every instance is ended, by EC2's word" },
    {
      name: "reason",
      value: "TEXT",
      otherwise: "drained by an operator",
      help: "of the pause, and kept in the records",
    },
  ],
  examples: ["runpool drain -e dev --all --wait", "runpool drain -e prod --all --reason 'moving to another region'"],
  schema: z.object({
    all: z._default(z.boolean(), false),
    wait: z._default(z.boolean(), false),
    reason: z.string().check(z.minLength(1, "say why, or leave it out")),
  }),
  run: async ({ all, wait, reason }, ground) => {
    if (!all) throw new BadInput(["drain needs --all: it ends every instance of the environment"], name);
    const world = await ground.world();
    const { environment } = ground.place();
    let left = 0;
    const interrupts = onInterrupt(
      () => ground.progress.note(`Stopping: ${environment} stays paused, and what was asked to leave leaves`),
      () => undefined,
    );
    const waiting = ground.progress.waiting(() => `draining, ${counted(left, "instance")} still to end`);
    try {
      const drained = await drain(world, {
        reason,
        wait,
        cancel: interrupts.signal,
        left: (count) => (left = count),
      });
      waiting.done();
      const { ended, leaving, damaged } = drained;
      ground.result({ environment, paused: true, ...drained }, () => [
        `${environment} is paused (runpool resume ends it): ${counted(ended.length, "instance")} ended, ${leaving.length} leaving`,
        ...leaving.map((instanceId) => `- ${instanceId}`),
      ]);
      for (const { key, problem } of damaged)
        ground.terminal.err.write(`damaged item, left as it is: ${plain(key)}: ${plain(problem)}\n`);
      return drainCode(leaving.length, wait, interrupts.signal.aborted);
    } finally {
      waiting.done();
      interrupts.release();
    }
  },
});

/** Who waits and is left with machines that have not ended has failed; who does not wait has asked them to leave, and is done. */
export function drainCode(leaving: number, wait: boolean, interrupted: boolean): ExitCode {
  if (leaving === 0) return exitCodes.done;
  if (interrupted) return exitCodes.cancelled;
  return wait ? exitCodes.failed : exitCodes.done;
}
