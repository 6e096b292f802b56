// On a real systemd: every way in which a machine must end, up to its own power-off.
import { expect, test } from "vitest";
import { limits } from "../../../domain/limits.ts";
import { guestTestMs, playInGuest } from "./play-in-guest.ts";

interface Found {
  readonly conclusion?: string;
  readonly active?: string;
  readonly thresholds?: readonly number[];
  readonly signal?: { readonly kind: string; readonly detail: string };
  readonly state?: string;
  readonly retired?: boolean;
  readonly runners?: number;
}

/** A scenario that must end with the guest's power-off; what was found before. */
const ending = (name: string, scenario: string, judge: (found: Found) => void): void =>
  test(name, { timeout: guestTestMs }, async (context) => {
    const played = await playInGuest<Found>(scenario);
    if (played.kind === "cannot") return context.skip(played.why);
    expect(played.poweredOff).toBe(true);
    judge(played.found);
  });

ending(
  "a spot notice: the job ends well, the runner is removed from GitHub, the machine retires and powers off",
  "spot notice",
  (found) => {
    expect(found).toMatchObject({ conclusion: "success", retired: true, runners: 0 });
    expect(found.signal?.kind).toBe("interrupted");
  },
);

ending(
  "a deadline that has passed powers the machine off though the agent is masked and a job runs",
  "deadline without agent",
  (found) => {
    expect(found).toMatchObject({ active: "inactive", retired: false });
    // Minutes apart: of a run, of an idle machine, of the next run; what lay on disk was each of them in turn.
    const [first = 0, second = 0, third = 0] = found.thresholds ?? [];
    expect(first - second).toBeGreaterThan(limits.idleMs);
    expect(third - second).toBeGreaterThan(limits.idleMs);
  },
);

ending("a machine whose agent never becomes ready is powered off by the boot watchdog", "boot watchdog", (found) =>
  expect(found.active).toBe("active"),
);

ending(
  "a pre-runner script that fails is reported with its exit code and last lines, then the machine ends",
  "failed preparation",
  (found) => {
    expect(found.signal).toMatchObject({
      kind: "prepare-failed",
      detail: 'the pre-runner script ended with 7\nit is "broken" 2',
    });
    // The control plane, which reads it, may have condemned the machine before it retires itself.
    expect(found.retired === true || found.state === "terminating").toBe(true);
  },
);
