// An agent's own record, which it can neither create nor resurrect.
import type { InstanceRecord, Signal, Vitals } from "../../domain/record.ts";
import type { EpochMs } from "./clock.ts";
import type { Unknown } from "./outcomes.ts";

export type OwnReading =
  | { readonly kind: "record"; readonly record: InstanceRecord }
  | { readonly kind: "none" }
  /** The table cannot be reached, or the item cannot be read. */
  | { readonly kind: "unreachable"; readonly problem: string };

export type Written =
  | { readonly kind: "written"; readonly record: InstanceRecord }
  /** The condition did not hold: the record as it is (undefined: it does not exist). */
  | { readonly kind: "refused"; readonly record: InstanceRecord | undefined }
  | Unknown;

export interface VitalSigns {
  readonly busy: boolean;
  readonly agentVersion: string;
  readonly vitals: Vitals;
}

/** The agent's own record. It can neither create nor resurrect it. */
export interface OwnInstance {
  /**
   * Looks at the record every `limits.agentWatchMs` and writes the heartbeat every `limits.heartbeatMs`, until the record's version
   * differs from `seen` (undefined: until there is a record), `until` is reached, or `wake` aborts. Gives the last sight.
   */
  watch(seen: number | undefined, until: EpochMs, signs: () => VitalSigns, wake: AbortSignal): Promise<OwnReading>;
  /** On condition that the signal of the judged record stands; with the machine's newest reading, where it is given. */
  signal(signal: Signal, judged: Pick<InstanceRecord, "signal">, vitals?: Vitals): Promise<Written>;
  /** `registering`, on condition that the judged version stands, and its signal. */
  beginRegistering(signal: Signal, judged: InstanceRecord): Promise<Written>;
  /** Decides to end itself, on condition that the judged version stands. */
  retire(at: EpochMs, judged: InstanceRecord): Promise<Written>;
}
