// Plays a scenario in a guest with a real systemd, from outside.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach } from "vitest";
import { guestMissing } from "./guest-missing.ts";

type Played<Found> =
  | { readonly kind: "played"; readonly found: Found; readonly poweredOff: boolean }
  /** This machine cannot have a guest: no root, no systemd, no cgroup2, or a program is missing. */
  | { readonly kind: "cannot"; readonly why: string };

/** Longer than any scenario takes on a machine that is busy with ten times as much. */
const playLimitMs = 600_000;
/** The limit of a test that plays a guest, ms: the guest's own is reached first, and says what there was. */
export const guestTestMs = playLimitMs + 60_000;
/** What with-systemd.sh says when it was told to end. */
const outOfTimeCode = 130;
const cannotCode = 77;
/** The driver ends with TERM or KILL when the guest powers off. */
const endedBySignal = new Set([143, 137]);

/** `files`: a folder whose files the guest has over those of its root. Rejects when the guest does not boot, or the scenario ends with a problem. */
export async function playInGuest<Found>(scenario: string, files = ""): Promise<Played<Found>> {
  const missing = guestMissing();
  if (missing !== undefined) return { kind: "cannot", why: missing };
  const folder = mkdtempSync(join(tmpdir(), "played-"));
  const file = join(folder, "found.json");
  try {
    const command = [process.execPath, join(import.meta.dirname, "guest.ts"), scenario, file];
    const environment = { GUEST_BIND: folder, GUEST_FILES: files };
    const { code, output } = await run(join(import.meta.dirname, "with-systemd.sh"), command, environment);
    if (code === cannotCode) return { kind: "cannot", why: output.trim() };
    if (code === outOfTimeCode) throw new Error(`"${scenario}" did not end within ${playLimitMs} ms\n${output}`);
    const found = JSON.parse(readFileSync(file, "utf8")) as Found & { readonly problem?: string };
    if (found.problem !== undefined) throw new Error(`${found.problem}\n${output}\n${JSON.stringify(found, null, 2)}`);
    return { kind: "played", found, poweredOff: endedBySignal.has(code) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Plays it once before the tests of the file that calls this; each of them is handed what was found, or skipped where `missing` or this machine says why. */
export function playOnce(
  scenario: string,
  take: (found: unknown) => void,
  { missing, files = "" }: { readonly missing?: string | undefined; readonly files?: string } = {},
): void {
  let played: Played<unknown>;
  beforeAll(async () => {
    played = missing === undefined ? await playInGuest<object>(scenario, files) : { kind: "cannot", why: missing };
  }, guestTestMs);
  beforeEach((context) => {
    if (played.kind === "cannot") return context.skip(played.why);
    take(played.found);
  });
}

function run(
  command: string,
  rest: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> {
  const child = spawn(command, rest, {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    // Told to end, it takes the whole guest along.
    timeout: playLimitMs,
    killSignal: "SIGTERM",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code) => done({ code: code ?? -1, output }));
  });
}
