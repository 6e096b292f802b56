// Runs in the guest: plays the scenario that the first argument names and writes what was found, as JSON, to the second.
import { execFile } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { hostClock } from "../../../entry/host-clock.ts";
import { scenarios } from "./scenarios.ts";

const [name = "", file = ""] = process.argv.slice(2);
const play = scenarios[name];
if (play === undefined) throw new Error(`no scenario "${name}"`);
/** At once and whole: the next moment may be the guest's last. */
const tell = (found: unknown): void => {
  writeFileSync(`${file}.new`, JSON.stringify(found));
  renameSync(`${file}.new`, file);
};

/** Longer than a guest takes to power off. */
const lastMomentsMs = 30_000;
const state = (): Promise<string> =>
  new Promise((done) => execFile("systemctl", ["is-system-running"], (_error, out) => done(out.trim())));

try {
  tell(await play(tell));
} catch (error) {
  // In a guest that powers off anything may fail; that is no problem, and the end comes from outside.
  if (["", "stopping", "offline", "unknown"].includes(await state())) await hostClock.sleep(lastMomentsMs);
  tell({ problem: error instanceof Error ? error.stack : String(error) });
}
process.exit(0);
