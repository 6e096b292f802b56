// `runpool pause`: no provision begins until `runpool resume`.
import * as z from "zod/mini";
import { command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

export const pauseCommand = command({
  name: "pause",
  summary: "stop provisioning: every provision fails at once",
  details: "What runs goes on, and is released as ever. The pause stands until runpool resume.",
  options: [{ name: "reason", value: "TEXT", required: true, help: "what those who provision are told" }],
  examples: ["runpool pause -e prod --reason 'image is being replaced, until 14:00 UTC'"],
  schema: z.object({
    reason: z
      .string()
      .check(
        z.trim(),
        z.minLength(1, "say why: it is what those who provision are told"),
        z.maxLength(500, "at most 500 characters"),
      ),
  }),
  run: async ({ reason }, ground) => {
    const world = await ground.world();
    const { paused: before } = await world.settings.load();
    const at = world.clock.now();
    await world.pauseSwitch.pause({ reason, at });
    const { environment } = ground.place();
    ground.result({ environment, paused: { reason, at }, ...(before === undefined ? {} : { before }) }, () => [
      `${environment} is paused: ${reason}`,
      ...(before === undefined ? [] : [`(it was paused before: ${before.reason})`]),
      "runpool resume ends the pause",
    ]);
    return exitCodes.done;
  },
});
