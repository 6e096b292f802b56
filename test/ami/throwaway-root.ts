// The recipe played for real in a throwaway root: what its tests share.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { guestMissing } from "../agent/systemd/guest-missing.ts";
import { makeStandInPayload, projectRoot, standInsMissing } from "./stand-ins.ts";

/** What stands for apt's mirror is the real one: a slow network takes its time. */
export const patience = { timeout: 1_500_000 };

export interface Played {
  readonly code: number;
  readonly said: string;
  /** A result by name; empty where there is none. */
  readonly result: (name: string) => string;
}

/** Runs a script in a mount namespace of its own; the machine's own file system stays as it is. */
export async function play(
  script: string,
  folder: string,
  variant?: string,
  inside: readonly string[] = [],
): Promise<Played> {
  const payload = await makeStandInPayload(folder, variant);
  const results = join(folder, "results");
  mkdirSync(results);
  // Ends with this process, however that ends; so do its guests.
  const tied = ["--pdeathsig", "TERM", "unshare", "--mount", "--propagation", "private"];
  const child = spawn("setpriv", [...tied, "bash", join(import.meta.dirname, script), payload, results, ...inside], {
    // A root that debootstrap made knows nothing of this project, which the guest's program is part of.
    env: { ...process.env, GUEST_BIND: process.env["RUNPOOL_TEST_ROOT"] ? `${results} ${projectRoot}` : results },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += String(part)));
  const code = await new Promise<number>((done, failed) => {
    child.once("error", failed);
    child.once("close", (ended) => done(ended ?? -1));
  });
  const result = (name: string): string =>
    existsSync(join(results, name)) ? readFileSync(join(results, name), "utf8") : "";
  return { code, said, result };
}

/** Why it cannot be played here: the recipe is installed on this machine's own root, but for what it writes. `more`: what this one asks for besides. */
export const rootMissing = (...more: readonly string[]): string | undefined =>
  standInsMissing() ?? guestMissing("setpriv", "unshare", "cloud-init", "curl", "git", "jq", "tar", "gzip", ...more);

export const missingIn = (spec: string): readonly string[] =>
  spec.split("\n").flatMap((line) => /^MISSING +([^:]+)/.exec(line)?.[1]?.trim() ?? []);
export const summaryOf = (spec: string): string => spec.trimEnd().split("\n").at(-1) ?? "";
