// Faults that can be switched on: delay, server errors, lost requests and replies, rate limits.
import type { Chance } from "../chance.ts";

/**
 * One fault. `route` narrows it to routes that contain the text (`DELETE /repos`, `registration-token`, `/_runner`);
 * `rate` is its probability (1 when absent), `times` how often it strikes (for ever when absent).
 */
export type GithubFault = { readonly route?: string; readonly rate?: number; readonly times?: number } & (
  | { readonly kind: "latency"; readonly ms: readonly [low: number, high: number] }
  | { readonly kind: "server-error"; readonly status: 500 | 502 | 503 }
  /** The connection breaks before anything was done. */
  | { readonly kind: "lost-request" }
  /** It was done, and the connection breaks before the answer. */
  | { readonly kind: "lost-reply" }
  | { readonly kind: "primary-limit"; readonly status: 403 | 429 }
  | { readonly kind: "secondary-limit"; readonly status: 403 | 429; readonly retryAfterS?: number }
);

export interface GithubFaults {
  /** Switches a fault on; the returned function switches it off. */
  add(fault: GithubFault): () => void;
  /** Switches all off. */
  clear(): void;
  /** The faults that strike this call, drawn once. */
  striking(route: string): readonly GithubFault[];
}

export function createFaults(chance: Chance): GithubFaults {
  const active = new Map<GithubFault, number>();
  return {
    add: (fault) => {
      active.set(fault, fault.times ?? Infinity);
      return () => active.delete(fault);
    },
    clear: () => active.clear(),
    striking: (route) => {
      const struck = [...active.keys()].filter(
        (fault) => route.includes(fault.route ?? "") && (fault.rate === undefined || chance.happens(fault.rate)),
      );
      for (const fault of struck) {
        const left = (active.get(fault) ?? 0) - 1;
        if (left > 0) active.set(fault, left);
        else active.delete(fault);
      }
      return struck;
    },
  };
}
