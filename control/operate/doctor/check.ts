// One check of the doctor: its verdict, what was found, and what to do about it.
import type { Look } from "../../../cloud/ports/doctor.ts";

export const verdicts = ["ok", "warn", "fail", "skipped"] as const;
export type Verdict = (typeof verdicts)[number];

export interface Check {
  /** What was looked at, e.g. `queue large`. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do: a command where there is one. */
  readonly remedy?: string;
}

export const ok = (name: string, found: string): Check => ({ name, verdict: "ok", found });
export const warn = (name: string, found: string, remedy: string): Check => ({ name, verdict: "warn", found, remedy });
export const fail = (name: string, found: string, remedy: string): Check => ({ name, verdict: "fail", found, remedy });
export const skipped = (name: string, found: string): Check => ({ name, verdict: "skipped", found });

/** Judges what was seen; what could not be looked at is skipped, with the reason. */
export const judged = <Value>(
  name: string,
  look: Look<Value>,
  judge: (value: Value) => Check | readonly Check[],
): readonly Check[] => (look.kind === "unseen" ? [skipped(name, look.why)] : [judge(look.value)].flat());

/** The worst of several findings about one thing: all are told, in one line each. */
export function worst(name: string, problems: readonly Check[], fine: string): Check {
  const [first] = problems;
  if (first === undefined) return ok(name, fine);
  const verdict = problems.some((one) => one.verdict === "fail") ? "fail" : first.verdict;
  const remedies = [...new Set(problems.flatMap(({ remedy }) => remedy ?? []))];
  return {
    name,
    verdict,
    found: problems.map(({ found }) => found).join("; "),
    ...(remedies.length === 0 ? {} : { remedy: remedies.join("; ") }),
  };
}

const units = [
  ["day", 24 * 3_600_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** `3 days`, `5 h`, `12 min`, `40 s`: cut off. */
export function lasting(ms: number): string {
  for (const [unit, length] of units) {
    const count = Math.floor(ms / length);
    if (count >= 1) return `${count} ${unit}${unit === "day" && count > 1 ? "s" : ""}`;
  }
  return `${Math.max(0, Math.floor(ms / 1000))} s`;
}

/** How an operator deploys an environment's stack again. */
export const deployAgain = (environment: string): string => `npm run cdktf -- deploy ${environment}-pool`;
