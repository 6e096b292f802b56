// A toy for everything else that wakes a lambda: says what woke it, fails, hangs or dies as it is told.
import * as z from "zod/mini";
import { onEvent } from "../../entry/lambdas/run.ts";

export const handler = onEvent({
  event: z.looseObject({ does: z.optional(z.enum(["fail", "hang", "die"])) }),
  open: ({ variables }) => variables,
  variables: z.object({ TOY_GREETING: z.string() }),
  handle: async (event, { TOY_GREETING: greeting }) => {
    process.stdout.write(`${JSON.stringify({ greeting, event, process: process.pid })}\n`);
    if (event.does === "fail") throw new Error("told to fail");
    if (event.does === "hang") await new Promise((resolve) => setTimeout(resolve, 3_600_000));
    if (event.does === "die") process.exit(1);
    return { greeting };
  },
});
