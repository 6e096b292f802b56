// What the control plane stands on: its ports, gathered; each use case takes the part it needs.
import type { RunnerReleases } from "../../cloud/ports/images.ts";
import type { Clock, Random } from "../../cloud/ports/clock.ts";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import type { JobQueue, Registrar, RunnerInventory } from "../../cloud/ports/forge.ts";
import type { Log } from "../../cloud/ports/log.ts";
import type { Pool } from "../../cloud/ports/queue.ts";
import type { SavedRequests } from "../../cloud/ports/saved-requests.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import type { Settings } from "../../cloud/ports/settings.ts";
import type { Instances } from "../../cloud/ports/store.ts";
import type { SecretFolder } from "../../cloud/ports/secrets.ts";

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
