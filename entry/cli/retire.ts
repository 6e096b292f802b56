// `runpool retire <instance>`: ends an idle instance; one at work leaves first.
import { runOf } from "../../domain/owner.ts";
import * as z from "zod/mini";
import { retire, type Retired } from "../../control/operate/retire.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { spoken } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Ground } from "./ground.ts";
import { instanceId } from "./instance-id.ts";
import { onInterrupt } from "./interrupts.ts";

const name = "retire";

export const retireCommand = command({
  name,
  summary: "end one instance; one at work leaves first",
  details:
    "An idle one is ended at once. One at work finishes its job and leaves its run: with --wait it is then ended, " +
    "without it goes back to the pool.",
  operand: { name: "instance", help: "its id, e.g. i-0123456789abcdef0", required: true },
  options: [
    { name: "wait", help: "until it is ended, at the latest at its threshold" },
    { name: "reason", value: "TEXT", otherwise: "retired by an operator", help: "kept in its record" },
  ],
  examples: ["runpool retire i-0123456789abcdef0", "runpool retire i-0123456789abcdef0 --wait"],
  schema: z.object({
    instance: instanceId,
    wait: z._default(z.boolean(), false),
    reason: z.string(),
  }),
  run: async ({ instance, wait, reason }, ground) => {
    const world = await ground.world();
    const interrupts = onInterrupt(
      () => ground.progress.note("Stopping: it was asked to leave, and goes to the pool once it has"),
      () => undefined,
    );
    const waiting = ground.progress.waiting(() => `waiting for ${instance} to leave`);
    try {
      const retired = await retire(world, instance, { reason, wait, cancel: interrupts.signal });
      waiting.done();
      const code = show(retired, instance, world.clock.now(), ground);
      return interrupts.signal.aborted && code !== exitCodes.done ? exitCodes.cancelled : code;
    } finally {
      waiting.done();
      interrupts.release();
    }
  },
});

function show(retired: Retired, instance: string, now: number, ground: Ground): ExitCode {
  const { environment } = ground.place();
  if (retired.kind === "missing")
    throw new BadInput([`instance is "${instance}"; ${environment} has no such one: see runpool instances`], name);
  if (retired.kind === "damaged")
    throw new BadInput([`the record of ${instance} is damaged (${retired.problem}); it cannot be retired`], name);
  const { kind, record } = retired;
  const runId = runOf(record.owner)?.runId;
  ground.result({ instanceId: instance, result: kind, runId }, () => {
    const work = runId === undefined ? "" : ` run ${runId}`;
    switch (kind) {
      case "ended":
        return [`${instance} is ended`];
      case "leaving":
        return [
          `${instance} was asked to leave${work}; ${record.busy === true ? "a job runs on it" : "no job was seen on it"}. Its threshold is in ${spoken(record.threshold - now)}.`,
        ];
      case "waiting":
        return [`${instance} is still booting for the pool: try again when it is idle, or use --wait`];
      case "unchanged":
        return [`${instance} changed hands at this moment: try again`];
    }
  });
  return kind === "ended" || kind === "leaving" ? exitCodes.done : exitCodes.failed;
}
