// What stops an environment: for operators, beside the ports of the control plane.
import type { EpochMs } from "./ports.ts";

/** Stops provisioning in an environment, and lets it go on. Rejects with `OutOfReach`; either may be made again. */
export interface PauseSwitch {
  pause(reason: string, at: EpochMs): Promise<void>;
  resume(): Promise<void>;
}
