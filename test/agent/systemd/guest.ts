// Runs in the guest: plays the scenario that the first argument names and writes what was found, as JSON, to the second.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { hostClock } from "../../../entry/host-clock.ts";
import { scenarios } from "./scenarios.ts";

const [name = "", file = ""] = process.argv.slice(2);
const play = scenarios[name];
if (play === undefined) throw new Error(`no scenario "${name}"`);
const tell = (found: unknown): Promise<void> => writeFile(file, JSON.stringify(found));

/** Longer than a guest takes to power off. */
const lastMomentsMs = 30_000;
const state = (): Promise<string> =>
  new Promise((done) => execFile("systemctl", ["is-system-running"], (_error, out) => done(out.trim())));

try {
  await tell(await play(tell));
} catch (error) {
  // In a guest that powers off anything may fail; that is no problem, and the end comes from outside.
  if (["", "stopping", "offline", "unknown"].includes(await state())) await hostClock.sleep(lastMomentsMs);
  await tell({ problem: error instanceof Error ? error.stack : String(error) });
}
process.exit(0);
