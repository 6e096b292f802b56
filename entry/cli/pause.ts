// `runpool pause` stops provisioning until `runpool resume`.
import { command } from "./command.ts";
import { spoken } from "../words/durations.ts";
import { exitCodes } from "./exit-codes.ts";

export const pauseCommand = command({
  name: "pause",
  summary: "stop provisioning: every provision fails at once",
  details: "Running jobs are not affected, and releases work as usual. The pause lasts until runpool resume.",
  options: [
    {
      name: "reason",
      value: "TEXT",
      required: true,
      help: "shown to everyone whose provision fails",
      accepts: {
        pattern: { test: (text: string) => /^[^]{1,500}$/.test(text.trim()) },
        words: "say why, in at most 500 characters: it is shown to everyone whose provision fails",
      },
    },
  ],
  examples: ["runpool pause -e prod --reason 'image is being replaced, until 14:00 UTC'"],
  run: async (input, context) => {
    const reason = input.reason.trim();
    const world = await context.world();
    const { paused: before } = await world.settings.load();
    const at = world.clock.now();
    await world.pauseSwitch.pause({ reason, at });
    const { environment } = context.place();
    context.result({ environment, paused: { reason, at }, ...(before === undefined ? {} : { before }) }, () => [
      `${environment} is paused: ${reason}`,
      ...(before === undefined ? [] : [`(it was paused before: ${before.reason})`]),
      "runpool resume ends the pause",
    ]);
    return exitCodes.done;
  },
});

export const resumeCommand = command({
  name: "resume",
  summary: "end a pause: provisioning works again",
  options: [],
  examples: ["runpool resume -e prod"],
  run: async (_input, context) => {
    const world = await context.world();
    const { paused } = await world.settings.load();
    if (paused !== undefined) await world.pauseSwitch.resume();
    const { environment } = context.place();
    context.result(
      { environment, wasPaused: paused !== undefined, ...(paused === undefined ? {} : { paused }) },
      () => {
        if (paused === undefined) return [`${environment} was not paused`];
        const length = paused.at === 0 ? "" : ` for ${spoken(world.clock.now() - paused.at)}`;
        return [`${environment} provisions again; it was paused${length}: ${paused.reason}`];
      },
    );
    return exitCodes.done;
  },
});
