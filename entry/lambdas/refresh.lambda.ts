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

/** Publishes what became of provisions since the last refresh that did: twice at worst, if the last write is lost. */
async function publishOutcomes(world: ControlWorld, environment: string): Promise<void> {
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
  // The schedule's name is for readers of the log: refresh acts by the clock, whatever started it.
  event: z.object({ schedule: z.optional(z.string().check(z.maxLength(64))) }),
  open: ({ environment, region, log }: Surroundings<unknown>): Standing => ({
    environment,
    world: controlWorld({ environment, region, forge: "stored", log }),
  }),
  handle: async (_: object, { environment, world }: Standing) => {
    const report = await refresh(world);
    print(refreshMetrics({ environment, now: world.clock.now(), report }));
    // The next refresh publishes what this one could not: a refresh that did its work has not failed.
    await publishOutcomes(world, environment).catch((error: unknown) =>
      world.log.event("outcomes.unreported", { problem: String(error) }),
    );
    // A reply is bounded; what it reports is in the log and the metrics.
    const { findings, problems, tokens } = worded(report);
    return { findings, problems, tokens };
  },
};

export const handler = onEvent(refreshing);
