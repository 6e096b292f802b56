// Secrets that one reader each is to read: what refresh sees and deletes of them.
import type { EpochMs } from "./ports.ts";

export interface SecretSeen {
  readonly name: string;
  readonly writtenAt: EpochMs;
}
/** Secrets that are written for one reader each, under a folder: seen and deleted, never read here. Rejects with `OutOfReach`. */
export interface SecretFolder {
  /** Every one under `folder`, however deep. */
  list(folder: string): Promise<readonly SecretSeen[]>;
  /** What does not exist is passed over. */
  remove(names: readonly string[]): Promise<void>;
}
