// `runpool resume`: ends a pause.
import * as z from "zod/mini";
import { command } from "./command.ts";
import { spoken } from "../words/durations.ts";
import { exitCodes } from "./exit-codes.ts";

export const resumeCommand = command({
  name: "resume",
  summary: "end a pause: provisions begin again",
  options: [],
  examples: ["runpool resume -e prod"],
  schema: z.object({}),
  run: async (_input, ground) => {
    const world = await ground.world();
    const { paused } = await world.settings.load();
    if (paused !== undefined) await world.pauseSwitch.resume();
    const { environment } = ground.place();
    ground.result({ environment, wasPaused: paused !== undefined, ...(paused === undefined ? {} : { paused }) }, () => {
      if (paused === undefined) return [`${environment} was not paused`];
      const length = paused.at === 0 ? "" : ` for ${spoken(world.clock.now() - paused.at)}`;
      return [`${environment} provisions again; it was paused${length}: ${paused.reason}`];
    });
    return exitCodes.done;
  },
});
