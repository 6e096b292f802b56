// What stops an environment: for operators, beside the ports of the control plane.
import type { Pause } from "./ports.ts";

/** Stops provisioning in an environment, and lets it go on. Rejects with `OutOfReach`; either may be made again. */
export interface PauseSwitch {
  pause(pause: Pause): Promise<void>;
  resume(): Promise<void>;
}
