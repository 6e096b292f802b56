// What `npm run mutate` may be told.
import { parseArgs } from "node:util";
import { wholeNumber } from "../simulation/simulate-options.ts";

export const help = `Usage: npm run mutate -- [OPTIONS]

Makes the mistakes of test/mutation/mutations one by one, each in a copy of this checkout, and runs the tests that reach
the file. Exits 0 only if at least 95 % are seen by a test, and each of the others has its reason written beside it.

  --only TEXT   those alone whose file, test or words hold the text
  --workers N   so many at a time; one a core unless told
  --widest N    so many test files at most are run for one, the nearest by imports first; 20 unless told
  --json        the results as JSON, one a line
  --help        this text`;

export interface MutateOptions {
  readonly only: string;
  readonly workers: number;
  readonly widest: number;
  readonly json: boolean;
  readonly help: boolean;
}

/** Throws with the option, its value and what would be right. */
export function parseOptions(words: readonly string[], cores: number): MutateOptions {
  const { values } = parseArgs({
    args: words.filter((word) => word !== "--"),
    options: {
      only: { type: "string", default: "" },
      workers: { type: "string", default: String(cores) },
      widest: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { only, json, help: asksHelp } = values;
  return {
    only,
    json,
    help: asksHelp,
    workers: wholeNumber("--workers", values.workers, 1),
    widest: wholeNumber("--widest", values.widest, 1),
  };
}
