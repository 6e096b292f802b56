// The options of `npm run soak`.
import { parseArgs } from "node:util";
import { wholeNumber } from "../simulation/simulate-options.ts";

export const help = `Usage: npm run soak -- [OPTIONS]

Real processes on the embedded cloud, killed at any of their calls; then all heals, and nothing may be left. Exits 0 only then.

  --seconds N          how long things go wrong (default 300)
  --seed S             plans workflows and kills, not how processes interleave (default 1)
  --lanes N            workflows at a time (default 6)
  --max-instances N    the environment's maximum (default 13)
  --least-processes N  fewer at once is a failure (default 30)
  --brief              no run is abandoned: what only thresholds end need not be waited for
  --help               this text`;

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: string;
  readonly lanes: number;
  readonly maxInstances: number;
  readonly leastProcesses: number;
  readonly brief: boolean;
  readonly help: boolean;
}

/** Throws with the option, its value and what would be right. */
export function parseOptions(words: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: words.filter((word) => word !== "--"),
    options: {
      seconds: { type: "string", default: "300" },
      seed: { type: "string", default: "1" },
      lanes: { type: "string", default: "6" },
      "max-instances": { type: "string", default: "13" },
      "least-processes": { type: "string", default: "30" },
      brief: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { seed, brief, help: asksHelp } = values;
  return {
    seed,
    brief,
    help: asksHelp,
    seconds: wholeNumber("--seconds", values.seconds, 1),
    lanes: wholeNumber("--lanes", values.lanes, 1),
    maxInstances: wholeNumber("--max-instances", values["max-instances"], 1),
    leastProcesses: wholeNumber("--least-processes", values["least-processes"], 0),
  };
}
