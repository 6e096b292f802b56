// Refresh as a lambda: one refresh and its metrics; an error only where it could not look.
import * as z from "zod/mini";
import { refresh } from "../../control/refresh/refresh.ts";
import type { ControlWorld } from "../../control/world.ts";
import { limits } from "../../domain/limits.ts";
import { newsOf } from "../../domain/outcome.ts";
import { controlWorld } from "../control-world.ts";
import { worded } from "../words/reasons.ts";
import { outcomeMetrics } from "./outcome-metrics.ts";
import { refreshMetrics } from "./refresh-metrics.ts";
import { onEvent, type Surroundings } from "./run.ts";

const print = (lines: readonly string[]): void => {
  for (const line of lines) process.stdout.write(`${line}\n`);
};

/** What came of provisions since the last refresh that told of it. Told twice at worst, where the last word here is lost. */
async function tellOutcomes(world: ControlWorld, environment: string): Promise<void> {
  const until = world.clock.now() - limits.outcomeTellMs;
  const { from, runs } = await world.requests.unreported();
  print(outcomeMetrics(environment, newsOf(runs, from, until)));
  if (until > from) await world.requests.markReported(until);
}

interface Standing {
  readonly environment: string;
  readonly world: ControlWorld;
}

/** A container of it is opened by each call of `onEvent`: tests open more than one. */
export const refreshing = {
  // The schedule's name is for whoever reads the log: refresh does what the clock says, whoever woke it.
  event: z.object({ schedule: z.optional(z.string().check(z.maxLength(64))) }),
  open: ({ environment, region, log }: Surroundings<unknown>): Standing => ({
    environment,
    world: controlWorld({ environment, region, forge: "stored", log }),
  }),
  handle: async (_: object, { environment, world }: Standing) => {
    const report = await refresh(world);
    print(refreshMetrics({ environment, now: world.clock.now(), report }));
    // What could not be told is told by the next one; it makes no failure of a refresh that did its work.
    await tellOutcomes(world, environment).catch((error: unknown) =>
      world.log.event("outcomes.unreported", { problem: String(error) }),
    );
    // A reply is bounded; what it reports is in the log and the metrics.
    const { findings, problems, tokens } = worded(report);
    return { findings, problems, tokens };
  },
};

export const handler = onEvent(refreshing);
