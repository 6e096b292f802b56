// What the pool stands on: its ports, gathered; each part takes those that it needs.
import type { Beginnings } from "../../cloud/ports/beginnings.ts";
import type { Clock, Random } from "../../cloud/ports/clock.ts";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import type { Log } from "../../cloud/ports/log.ts";
import type { Pool } from "../../cloud/ports/queue.ts";
import type { Settings } from "../../cloud/ports/settings.ts";
import type { Instances } from "../../cloud/ports/store.ts";

export interface PoolWorld {
  readonly instances: Instances;
  readonly settings: Settings;
  readonly pool: Pool;
  readonly fleet: Fleet;
  readonly beginnings: Beginnings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
