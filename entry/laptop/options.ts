// What `npm start` may be told.
import { parseArgs } from "node:util";

export const help = `Usage: npm start [-- OPTIONS]

Plays five workflow runs on the embedded cloud and exits 0 only if all of it held.

  --json   print one object at the end: runs, jobs, created, reused, leaked, readyMs, calls, ok
  --keep   leave the cloud running, and print how to point the AWS CLI and runpool at it
  --plain  plain lines also on a terminal
  --help   this text`;

const flag = { type: "boolean", default: false } as const;

/** Throws with the option that it does not know. */
export const parseOptions = (words: readonly string[]) =>
  parseArgs({ args: [...words], options: { json: flag, keep: flag, plain: flag, help: flag } }).values;
