// Runs in the guest: plays the scenario that the first argument names and writes what was found, as JSON, to the second.
import { writeFile } from "node:fs/promises";
import { scenarios } from "./scenarios.ts";

const [name = "", file = ""] = process.argv.slice(2);
const play = scenarios[name];
if (play === undefined) throw new Error(`no scenario "${name}"`);
const tell = (found: unknown): Promise<void> => writeFile(file, JSON.stringify(found));
try {
  await tell(await play(tell));
} catch (error) {
  await tell({ problem: error instanceof Error ? error.stack : String(error) });
}
process.exit(0);
