// The machine that an agent runs on.
import type { EpochMs } from "./clock.ts";

export type PrepareOutcome = { readonly kind: "prepared" } | { readonly kind: "failed"; readonly detail: string };

export interface Host {
  /** Runs the pre-runner script, once a boot: a second call gives the first one's outcome, also after an agent restart. */
  prepare(): Promise<PrepareOutcome>;
  /** Tells the host's supervisor: ready, alive, and a status for people. */
  report(status: string): Promise<void>;
  /** Arms the timer that powers the machine off without the agent; infinite: it never does. */
  deadline(at: EpochMs): Promise<void>;
  /** How long it is to the deadline that an agent of this boot has armed, ms; undefined: none has. */
  left(): Promise<number | undefined>;
  /** Free share of the work disk, 0..1. */
  diskFree(): Promise<number>;
  powerOff(reason: string): Promise<void>;
}
