// What came of a run's provisions, kept beside its requests until refresh tells it as metrics: control plane jobs cannot write any.

/** A provision whose instances all became ready. */
export interface Outcome {
  readonly attempt: number;
  readonly provisionId: string;
  readonly repository: string;
  readonly resourceClass: string;
  readonly usageClass: string;
  /** Epoch ms at which all were registered. */
  readonly at: number;
  /** From the beginning to then. */
  readonly readyMs: number;
  readonly created: number;
  /** Of the pool. */
  readonly reused: number;
  /** Claims of idle instances that another provision won, or that came too late. */
  readonly claimsLost: number;
  /** Of all its instances, an estimate (domain/prices.ts); absent where a type's price is not known. */
  readonly usdPerHour?: number;
}

/** A release: the end of the attempts up to this one. */
export interface Ending {
  readonly attempt: number;
  /** Epoch ms. */
  readonly at: number;
}

/** All that is kept of a run's outcomes. */
export interface RunOutcomes {
  readonly runId: string;
  readonly outcomes: readonly Outcome[];
  readonly endings: readonly Ending[];
}

/** Their repositories, each once, the one with the newest outcome first. */
export const repositoriesOf = (runs: readonly RunOutcomes[]): readonly string[] => [
  ...new Set(
    runs
      .flatMap(({ outcomes }) => outcomes)
      .toSorted((a, b) => b.at - a.at)
      .map(({ repository }) => repository),
  ),
];

export interface Told {
  readonly runId: string;
  readonly outcome: Outcome;
}
export interface Used extends Told {
  /** Epoch ms. */
  readonly endedAt: number;
  /** Of all its instances together. */
  readonly instanceSeconds: number;
  /** An estimate. */
  readonly usd?: number;
}

/** What is new in `from` < moment ≤ `until`: each readiness, and each end, is new in one such window alone. */
export function newsOf(
  runs: readonly RunOutcomes[],
  from: number,
  until: number,
): { readonly ready: readonly Told[]; readonly used: readonly Used[] } {
  const isNew = (at: number): boolean => at > from && at <= until;
  const all = runs.flatMap(({ runId, outcomes, endings }) =>
    outcomes.map((outcome) => ({ runId, outcome, endedAt: endOf(outcome, endings) })),
  );
  return {
    ready: all.filter(({ outcome }) => isNew(outcome.at)).map(({ runId, outcome }) => ({ runId, outcome })),
    used: all.flatMap(({ runId, outcome, endedAt }) =>
      endedAt !== undefined && isNew(endedAt) ? [{ runId, outcome, endedAt, ...useOf(outcome, endedAt) }] : [],
    ),
  };
}

/** The first release that counts for it: of its own attempt, or of a later one. */
function endOf({ attempt, at }: Outcome, endings: readonly Ending[]): number | undefined {
  const own = endings.filter((ending) => ending.attempt >= attempt && ending.at >= at).map((ending) => ending.at);
  return own.length === 0 ? undefined : Math.min(...own);
}

function useOf(
  { at, readyMs, created, reused, usdPerHour }: Outcome,
  endedAt: number,
): Pick<Used, "instanceSeconds" | "usd"> {
  const seconds = (endedAt - at + readyMs) / 1000;
  const instanceSeconds = Math.round(seconds * (created + reused));
  return usdPerHour === undefined ? { instanceSeconds } : { instanceSeconds, usd: (usdPerHour * seconds) / 3600 };
}
