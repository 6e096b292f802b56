// Time and chance, which are arguments everywhere.

/** A moment, in milliseconds since the epoch. */
export type EpochMs = number;

export interface Clock {
  /** The moment now, corrected to the clock of AWS where that is known. */
  now(): EpochMs;
  /** Resolves after `ms`, or as soon as `wake` aborts (never rejects). */
  sleep(ms: number, wake?: AbortSignal): Promise<void>;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A fresh identifier: 20 lower-case hexadecimal digits. */
  id(): string;
}
