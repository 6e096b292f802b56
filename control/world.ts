// What the control plane stands on: the pool's ports, and those of a forge and of runs. Each use case takes the part it needs.
import type { Forge } from "../cloud/ports/forge.ts";
import type { RunnerReleases } from "../cloud/ports/images.ts";
import type { SavedRequests } from "../cloud/ports/saved-requests.ts";
import type { SecretFolder, Secrets } from "../cloud/ports/secrets.ts";
import type { PoolWorld } from "./pool/world.ts";

export interface ControlWorld extends PoolWorld {
  readonly forge: Forge;
  /** For refresh alone; absent where nobody asks the forge. */
  readonly releases?: RunnerReleases;
  readonly requests: SavedRequests;
  readonly secrets: Secrets;
  readonly secretFolder: SecretFolder;
}
