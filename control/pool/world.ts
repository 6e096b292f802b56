// What the control plane stands on: its ports, gathered; each use case takes the part it needs.
import type { RunnerReleases } from "../../cloud/ports/images.ts";
import type {
  Clock,
  Fleet,
  Instances,
  JobQueue,
  Log,
  Pool,
  Random,
  Registrar,
  RunnerInventory,
  SavedRequests,
  Secrets,
  Settings,
} from "../../cloud/ports/ports.ts";
import type { SecretFolder } from "../../cloud/ports/secret-folder.ts";

export interface ControlWorld {
  readonly instances: Instances;
  readonly settings: Settings;
  readonly pool: Pool;
  readonly fleet: Fleet;
  readonly registrar: Registrar;
  readonly inventory: RunnerInventory;
  readonly jobs: JobQueue;
  /** For refresh alone; absent where nobody asks the forge. */
  readonly releases?: RunnerReleases;
  readonly requests: SavedRequests;
  readonly secrets: Secrets;
  readonly secretFolder: SecretFolder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
