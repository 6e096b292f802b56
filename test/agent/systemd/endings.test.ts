// On a real systemd: every way in which a machine must end, up to its own power-off.
import { expect, test } from "vitest";
import { limits } from "../../../domain/limits.ts";
import { guestTestMs, playInGuest } from "./play-in-guest.ts";

interface Found {
  readonly conclusion?: string;
  readonly active?: string;
  readonly restarts?: number;
  readonly thresholds?: readonly number[];
  readonly signal?: { readonly kind: string; readonly detail: string };
  readonly state?: string;
  readonly retired?: boolean;
  readonly runners?: number;
}
const limit = guestTestMs;

test(
  "a spot notice: the job ends well, the runner is removed from GitHub, the machine retires and powers off",
  { timeout: limit },
  async (context) => {
    const played = await playInGuest<Found>("spot notice");
    if (played.kind === "cannot") return context.skip(played.why);
    expect(played.poweredOff).toBe(true);
    expect(played.found).toMatchObject({ conclusion: "success", retired: true, runners: 0 });
    expect(played.found.signal?.kind).toBe("interrupted");
  },
);

test(
  "a deadline that has passed powers the machine off though the agent is masked and a job runs",
  { timeout: limit },
  async (context) => {
    const played = await playInGuest<Found>("deadline without agent");
    if (played.kind === "cannot") return context.skip(played.why);
    expect(played.poweredOff).toBe(true);
    expect(played.found).toMatchObject({ active: "inactive", retired: false });
    // Minutes apart: of a run, of an idle machine, of the next run; what lay on disk was each of them in turn.
    const [first = 0, second = 0, third = 0] = played.found.thresholds ?? [];
    expect(first - second).toBeGreaterThan(limits.idleMs);
    expect(third - second).toBeGreaterThan(limits.idleMs);
  },
);

test(
  "a machine whose agent never becomes ready is powered off by the boot watchdog",
  { timeout: limit },
  async (context) => {
    const played = await playInGuest<Found>("boot watchdog");
    if (played.kind === "cannot") return context.skip(played.why);
    expect(played.poweredOff).toBe(true);
    expect(played.found.restarts).toBeGreaterThan(0);
  },
);

test(
  "a pre-runner script that fails is reported with its exit code and last lines, then the machine ends",
  { timeout: limit },
  async (context) => {
    const played = await playInGuest<Found>("failed preparation");
    if (played.kind === "cannot") return context.skip(played.why);
    expect(played.poweredOff).toBe(true);
    expect(played.found.signal).toMatchObject({
      kind: "prepare-failed",
      detail: 'the pre-runner script ended with 7\nit is "broken" 2',
    });
    // The control plane, told of it, may have condemned the machine before it retires itself.
    expect(played.found.retired === true || played.found.state === "terminating").toBe(true);
  },
);
