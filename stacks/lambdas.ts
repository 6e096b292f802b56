// The lambdas of an environment: each a description here, and a handler in entry/lambdas/. All that a stack needs is derived from these.
import { limits } from "../domain/limits.ts";
import { arnsOf, floorsScheduleName, lambdaNames } from "./arns.ts";
import type { Lambda } from "./constructs/lambda.ts";
import type { Environment } from "./environment/environment.ts";
import { refreshPolicy } from "./policies/control-policy.ts";

/** Less than its period, so that a hung one is over before the next begins. Seconds. */
const timeoutS = limits.refreshLimitMs / 1000;
/** A missed refresh is made up for by the next one: nothing is gained by an old event. Seconds; 60 is the least. */
const eventAgeS = 60;

const refresh = (environment: Environment): Lambda => ({
  name: "refresh",
  description: "runpool: renews tokens, sweeps what must end, finishes what others left undone",
  statements: refreshPolicy(environment, arnsOf(environment)),
  sources: [
    {
      kind: "schedule",
      id: "every-period",
      name: lambdaNames(environment.name, "refresh").function,
      expression: `rate(${limits.refreshMs / 60_000} minutes)`,
      timezone: "UTC",
      event: {},
    },
    // They only wake it at the minute: it reads from the configuration what the clock says, and does so at every other time too.
    ...environment.schedules.map(({ name, cron, timezone }) => ({
      kind: "schedule" as const,
      id: `floors-${name}`,
      name: floorsScheduleName(environment.name, name),
      expression: cron,
      timezone,
      event: { schedule: name },
    })),
  ],
  timeoutS,
  memoryMiB: 512,
  events: { ageS: eventAgeS, retries: 0 },
  alarm: {
    failing: "Refresh has not succeeded for a quarter of an hour: tokens age, and nothing is swept.",
    comes: true,
    deadLetters: "A refresh could not be started, or failed: its event is kept here.",
  },
  shown: [{ metric: "tokenAge", label: "oldest token, ms" }],
});

export const lambdasOf = (environment: Environment): readonly Lambda[] => [refresh(environment)];
