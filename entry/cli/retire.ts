// `runpool retire <instance>`: ends an idle instance; one at work leaves first.
import { runOf } from "../../domain/owner.ts";
import { retire, type Retired } from "../../control/operate/retire.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { spoken } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { instanceId } from "./instance-id.ts";
import { interruptible } from "./interrupts.ts";

const name = "retire";

export const retireCommand = command({
  name,
  summary: "end one instance; a working one finishes its job first",
  details:
    "An idle instance is ended at once. A working one finishes its job and leaves its run. With --wait it is then ended, " +
    "otherwise it goes back to the pool.",
  operand: { name: "instance", help: "its id, e.g. i-0123456789abcdef0", required: true, accepts: instanceId },
  options: [
    { name: "wait", help: "wait until it has ended, at the latest at its threshold" },
    { name: "reason", value: "TEXT", otherwise: "retired by an operator", help: "kept in its record" },
  ],
  examples: ["runpool retire i-0123456789abcdef0", "runpool retire i-0123456789abcdef0 --wait"],
  run: async ({ instance, wait, reason }, context) => {
    const world = await context.world();
    const { result, cancelled } = await interruptible(
      context.progress,
      {
        waiting: () => `waiting for ${instance} to leave`,
        first: () => context.progress.note("Stopping: the instance was asked to leave and will go back to the pool"),
      },
      (cancel) => retire(world, instance, { reason, wait, cancel }),
    );
    const code = show(result, instance, world.clock.now(), context);
    return cancelled && code !== exitCodes.done ? exitCodes.cancelled : code;
  },
});

function show(retired: Retired, instance: string, now: number, context: Context): ExitCode {
  const { environment } = context.place();
  if (retired.kind === "missing")
    throw new BadInput([`no instance "${instance}" in environment "${environment}": see runpool instances`], name);
  if (retired.kind === "damaged")
    throw new BadInput([`the record of ${instance} is damaged (${retired.problem}); it cannot be retired`], name);
  const { kind, record } = retired;
  const runId = runOf(record.owner)?.runId;
  context.result({ instanceId: instance, result: kind, runId }, () => {
    const work = runId === undefined ? "" : ` run ${runId}`;
    switch (kind) {
      case "ended":
        return [`${instance} has ended`];
      case "leaving":
        return [
          `${instance} was asked to leave${work}; ${record.busy === true ? "a job runs on it" : "no job was seen on it"}. It ends in ${spoken(record.threshold - now)} at the latest.`,
        ];
      case "waiting":
        return [`${instance} is still booting for the pool: try again when it is idle, or use --wait`];
      case "unchanged":
        return [`${instance} changed owner just now: try again`];
    }
  });
  return kind === "ended" || kind === "leaving" ? exitCodes.done : exitCodes.failed;
}
