// What the control plane stands on: its ports, gathered; each use case takes the part it needs.
import type {
  Clock,
  Fleet,
  Instances,
  Log,
  Pool,
  Random,
  Registrar,
  RunnerInventory,
  Secrets,
  Settings,
} from "../cloud/ports.ts";

export interface ControlWorld {
  readonly instances: Instances;
  readonly settings: Settings;
  readonly pool: Pool;
  readonly fleet: Fleet;
  readonly registrar: Registrar;
  readonly inventory: RunnerInventory;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
