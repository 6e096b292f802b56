// Secrets by name, and folders of secrets that one reader each is to read.
import type { EpochMs } from "./clock.ts";

/** Secrets by name; a value never reaches a log, the table or an error's text. */
export interface Secrets {
  /** The value and when it was written; undefined where there is none. */
  read(name: string): Promise<{ readonly value: string; readonly writtenAt: EpochMs } | undefined>;
  write(name: string, value: string): Promise<void>;
}

export interface SecretSeen {
  readonly name: string;
  readonly writtenAt: EpochMs;
}

/** Secrets that are written for one reader each, under a folder: seen and deleted, never read here. Rejects with `OutOfReach`. */
export interface SecretFolder {
  /** All secrets under `folder`, recursively. */
  list(folder: string): Promise<readonly SecretSeen[]>;
  /** Ignores what does not exist. */
  remove(names: readonly string[]): Promise<void>;
}
