// The hourly rate limit of each credential: counting, headers, refusal (Rate limits for the REST API).
import type { Clock, EpochMs } from "../../cloud/ports/clock.ts";
import { GithubRefusal } from "./call.ts";

export interface RateLimits {
  /** Counts one call and returns its headers; throws GitHub's 403 once the hour's calls are used up. */
  count(key: string): Record<string, string>;
  /** GitHub's refusal as if the hour's calls were used up. */
  exhausted(key: string, status: 403 | 429): GithubRefusal;
}

const hourMs = 3_600_000;

export function createRateLimits(clock: Clock, limit: number): RateLimits {
  const windows = new Map<string, { used: number; endsAt: EpochMs }>();
  const windowOf = (key: string): { used: number; endsAt: EpochMs } => {
    const known = windows.get(key);
    if (known !== undefined && clock.now() < known.endsAt) return known;
    const fresh = { used: 0, endsAt: clock.now() + hourMs };
    windows.set(key, fresh);
    return fresh;
  };
  const headers = (used: number, endsAt: EpochMs): Record<string, string> => ({
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(Math.max(0, limit - used)),
    "x-ratelimit-used": String(used),
    "x-ratelimit-reset": String(Math.ceil(endsAt / 1000)),
    "x-ratelimit-resource": "core",
  });
  const exhausted = (key: string, status: 403 | 429): GithubRefusal =>
    new GithubRefusal(status, `API rate limit exceeded for ${key}.`, headers(limit, windowOf(key).endsAt));
  return {
    exhausted,
    count: (key) => {
      const window = windowOf(key);
      if (window.used >= limit) throw exhausted(key, 403);
      window.used += 1;
      return headers(window.used, window.endsAt);
    },
  };
}
