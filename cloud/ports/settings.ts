// The environment's configuration, brakes, pause and counters.
import type { Brake } from "../../domain/brake.ts";
import type { Configuration, Overlay, StoredDefaults } from "../../domain/configuration.ts";
import type { EpochMs } from "./clock.ts";
import type { Unknown } from "./outcomes.ts";

/** How many instances there are, and may be: by the environment, and by partition. */
interface Counters {
  /** Adds `count` to each scope's counter where none exceeds its maximum; otherwise changes nothing and names the full scope. */
  reserve(count: number, scopes: readonly Scope[]): Promise<Reservation | Unknown>;
  /** Takes `count` from each scope's counter, never below zero. */
  free(count: number, scopes: readonly string[]): Promise<void>;
  /** Sets a counter to what was counted, where it still is as seen. */
  recount(scope: string, seen: Counter | undefined, counted: number): Promise<void>;
  /** The counter of a scope; undefined where none exists. */
  counter(scope: string): Promise<Counter | undefined>;
}

/** The environment's settings: configuration, brakes, pause, counters. */
export interface Settings extends Counters {
  /** Rejects with `OutOfReach`, or with `Unconfigured` where the environment does not exist or its item is damaged. */
  load(): Promise<LoadedSettings>;
  /** Replaces the overlay; with the one `seen` only what differs from that, so that others may change other parts meanwhile. */
  writeOverlay(overlay: Overlay, seen?: Overlay): Promise<void>;
  /** Replaces the brakes: refresh judges them by all records, and every creation obeys. */
  writeBrakes(brakes: readonly Brake[]): Promise<void>;
}

export interface LoadedSettings {
  readonly configuration: Configuration;
  readonly defaults: StoredDefaults;
  readonly overlay: Overlay;
  /** Why the stored overlay cannot be used: it counts for nothing, and nothing is provisioned until there is another. */
  readonly overlayProblems?: readonly string[];
  /** Of what no further machine is to be created; none where there is none, or where they cannot be read. */
  readonly brakes?: readonly Brake[];
  /** Present while provisioning is paused. */
  readonly paused?: Pause;
}

export interface Pause {
  readonly reason: string;
  readonly at: EpochMs;
}

/** Stops provisioning in an environment, and lets it go on. Rejects with `OutOfReach`; either may be made again. */
export interface PauseSwitch {
  pause(pause: Pause): Promise<void>;
  resume(): Promise<void>;
}

export interface Counter {
  readonly count: number;
  /** Places ever reserved: it never falls, so that who looks twice knows whether any was reserved in between. */
  readonly reserved: number;
}

export interface Scope {
  readonly name: string;
  readonly maximum: number;
}

export type Reservation = { readonly kind: "reserved" } | { readonly kind: "full"; readonly scope: string };

/** The environment does not exist here, or its configuration cannot be read; the message names the fix. */
export class Unconfigured extends Error {
  override readonly name = "Unconfigured";
}
