// What `npm run simulate` may be told.
import { parseArgs } from "node:util";

export const help = `Usage: npm run simulate -- [OPTIONS]

Plays seeded worlds and exits 0 only if no promise was broken in any of them.

  --seeds N  so many worlds, at least 1; 100 unless told
  --from S   the first one's seed, a whole number; 1 unless told
  --trace    one world, with every event of it
  --help     this text`;

export interface SimulateOptions {
  readonly seeds: number;
  readonly from: number;
  readonly trace: boolean;
  readonly help: boolean;
}

/** Nine digits are more than anyone waits for, and stay whole numbers when they are added up. */
export function wholeNumber(option: string, text: string, least: 0 | 1): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new Error(`${option} is "${text}"; it is a whole number from ${least} to 999999999`);
}

/** Throws with the option, its value and what would be right. */
export function parseOptions(words: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    // Started by hand as `node simulate.ts -- --seeds N`, the dashes arrive too.
    args: words.filter((word) => word !== "--"),
    options: {
      seeds: { type: "string" },
      from: { type: "string", default: "1" },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { trace, help } = values;
  const seeds = wholeNumber("--seeds", values.seeds ?? (trace ? "1" : "100"), 1);
  if (trace && seeds > 1) throw new Error(`--seeds is "${seeds}"; with --trace it is 1: one world is traced`);
  return { seeds, from: wholeNumber("--from", values.from, 0), trace, help };
}

/** The words after `npm run` that play this seed again and show all of it. */
export const replayOf = (seed: number): string => `simulate -- --seeds 1 --from ${seed} --trace`;
