// What a machine has written, as operators read it: the lines that its agent ships, or its console.
import type { EpochMs } from "./clock.ts";

export interface LogLine {
  readonly at: EpochMs;
  readonly text: string;
}

/** Where the next read begins. */
export interface LogPlace {
  readonly stream: string;
  readonly token: string;
}

export interface LogPage {
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  readonly next: LogPlace;
}

/** Rejects with `OutOfReach`; throws AwsRefused where a right is missing. */
export interface InstanceLogs {
  /** The newest `most` lines of the instance's streams; undefined where it ships none. */
  newest(instanceId: string, most: number): Promise<LogPage | undefined>;
  /** What has come since. */
  since(place: LogPlace): Promise<LogPage>;
  /** The console as EC2 last saw it (64 KB at most); undefined where it has none, or no such machine any more. */
  console(instanceId: string): Promise<string | undefined>;
}
