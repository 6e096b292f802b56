// Every duration and limit of the GitHub stand-in, with GitHub's own value where one is known.
import type { EpochMs } from "../../cloud/ports/clock.ts";

/** An inclusive range, drawn from by chance. */
export type Range = readonly [low: number, high: number];

export interface GithubSettings {
  /** Life of registration and removal tokens (REST API endpoints for self-hosted runners: "expires after one hour"). */
  runnerTokenLifeMs: number;
  /** Life of an installation token (Generating an installation access token: "expires after 1 hour"). */
  installationTokenLifeMs: number;
  /** How far REST's `busy` lags behind the truth. Seen at GitHub: 25–60 s. */
  busyLagMs: Range;
  /** How long a listener's poll is held open. GitHub's broker: about 50 s. */
  pollMs: number;
  /** Silence after which a listener counts as disconnected. Shorter than GitHub's, so that tests need not wait. */
  disconnectMs: number;
  /** How long a job may stay handed over without starting before it is queued again. */
  dispatchMs: number;
  /** How long a started job outlives its listener's silence before it fails. GitHub: the job's lock of about ten minutes. */
  jobLostMs: number;
  /** A cancelled job whose runner does not answer is closed after this. GitHub: five minutes. */
  cancelMs: number;
  /** Jobs queued for longer are cancelled (Usage limits: 24 hours). */
  queueMs: number;
  /** Offline runners are removed after this (14 days), ephemeral ones after `ephemeralGhostMs` (1 day). */
  ghostMs: number;
  ephemeralGhostMs: number;
  /** How long the server takes to remove a runner for `config.sh remove`. Seen: up to a minute. */
  removalMs: Range;
  /** REST calls an hour and credential. */
  rateLimit: number;
  /** Older runners are refused at registration (GitHub since 2026: 2.329.0). */
  oldestRegistered: string;
  /** Older runners get no jobs: they update, or are refused when they were told not to. */
  oldestServed: string;
  /** The newest that GET /repos/actions/runner/releases lists. */
  latestRunner: { readonly version: string; readonly publishedAt: EpochMs };
  /** Older releases, newest first. */
  earlierRunners: readonly { readonly version: string; readonly publishedAt: EpochMs }[];
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const defaultSettings: GithubSettings = {
  runnerTokenLifeMs: hour,
  installationTokenLifeMs: hour,
  busyLagMs: [25_000, 60_000],
  pollMs: 50_000,
  disconnectMs: 2_000,
  dispatchMs: 15_000,
  jobLostMs: 10 * minute,
  cancelMs: 5 * minute,
  queueMs: day,
  ghostMs: 14 * day,
  ephemeralGhostMs: day,
  removalMs: [200, 1_000],
  rateLimit: 5_000,
  oldestRegistered: "2.329.0",
  oldestServed: "2.329.0",
  latestRunner: { version: "2.336.0", publishedAt: Date.UTC(2026, 6, 28) },
  earlierRunners: [],
};

/** Negative when version `a` is older than `b`, 0 when equal; dotted numbers, a leading `v` allowed. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] => version.replace(/^v/, "").split(".").map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
