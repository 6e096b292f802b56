// What the control plane stands on: the pool's ports, and those of a forge and of runs. Each use case takes the part it needs.
import type { JobQueue, Registrar, RunnerInventory } from "../cloud/ports/forge.ts";
import type { RunnerReleases } from "../cloud/ports/images.ts";
import type { SavedRequests } from "../cloud/ports/saved-requests.ts";
import type { SecretFolder, Secrets } from "../cloud/ports/secrets.ts";
import type { PoolWorld } from "./pool/world.ts";

export interface ControlWorld extends PoolWorld {
  readonly registrar: Registrar;
  readonly inventory: RunnerInventory;
  readonly jobs: JobQueue;
  /** For refresh alone; absent where nobody asks the forge. */
  readonly releases?: RunnerReleases;
  readonly requests: SavedRequests;
  readonly secrets: Secrets;
  readonly secretFolder: SecretFolder;
}
