// What a world is made of: the truth behind all ports, shared by all processes.
import type { Place } from "../../domain/names.ts";
import type { Chance } from "../../sim/chance.ts";
import type { Checks } from "./checks.ts";
import type { Faults } from "./faults.ts";
import type { Forge } from "./forge.ts";
import type { Machines } from "./machines.ts";
import type { Around } from "./process.ts";
import type { Queues } from "./queues.ts";
import type { KeptRequests } from "./requests.ts";
import type { Table } from "./table.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Vault } from "./vault.ts";
import type { Words } from "./words.ts";

export interface State {
  readonly environment: string;
  readonly place: Place;
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly around: Around;
  readonly table: Table;
  readonly queues: Queues;
  readonly machines: Machines;
  readonly forge: Forge;
  readonly words: Words;
  readonly requests: KeptRequests;
  readonly vault: Vault;
  readonly checks: Checks;
}
