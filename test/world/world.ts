// A whole world in process: virtual time, the truth, and the ports through which each process of the system touches it.
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { operationalDefaults, type Defaults } from "../../domain/configuration.ts";
import { imageParameter, queueName, templateName, unreadableQueueName } from "../../domain/class-keys.ts";
import { type Place } from "../../domain/names.ts";
import { environmentSchema } from "../../domain/version.ts";
import type { Clock, Random } from "../../cloud/ports/clock.ts";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import type { Forge } from "../../cloud/ports/forge.ts";
import type { Log } from "../../cloud/ports/log.ts";
import type { Pool } from "../../cloud/ports/queue.ts";
import type { Beginnings } from "../../cloud/ports/beginnings.ts";
import type { SavedRequests } from "../../cloud/ports/saved-requests.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import type { Settings } from "../../cloud/ports/settings.ts";
import type { Instances } from "../../cloud/ports/store.ts";
import type { SecretFolder } from "../../cloud/ports/secrets.ts";
import { chance as chanceOf } from "../../sim/chance.ts";
import { checksOf } from "./checks.ts";
import { faultsAt, type Rates } from "./faults.ts";
import { fleetPort } from "./fleet.ts";
import { forgeOf } from "./forge.ts";
import { instancesPort } from "./instances.ts";
import { machinesOf, type RunAgent } from "./machines.ts";
import { startProcess, type Process } from "./process.ts";
import { poolPort } from "./queues.ts";
import { forgePort } from "./forge-port.ts";
import { beginningsPort, noRequests, requestsPort } from "./requests.ts";
import type { State } from "./state.ts";
import { tableOfRecords } from "./table.ts";
import { secretFolderPort, secretsPort } from "./vault.ts";
import { virtualTime } from "./virtual-time.ts";
import { settingsPort, wordsOf } from "./words.ts";
import { architectures } from "../../domain/record.ts";

export interface ControlPorts {
  readonly instances: Instances;
  readonly settings: Settings;
  readonly pool: Pool;
  readonly fleet: Fleet;
  readonly forge: Forge;
  readonly beginnings: Beginnings;
  readonly requests: SavedRequests;
  readonly secrets: Secrets;
  readonly secretFolder: SecretFolder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface WorldOptions {
  readonly seed: string | number;
  readonly rates: Rates;
  readonly runAgent: RunAgent;
  readonly configure?: Partial<Defaults>;
  /** Told of every event that a process logs. */
  readonly heard?: (at: number, process: string, name: string, facts: Record<string, unknown>) => void;
}

export interface World extends State {
  /** Starts a process of the control plane; it dies at the given await, if it gets there. */
  process(name: string, diesAtAwait?: number): { readonly process: Process; readonly ports: ControlPorts };
}

/** When every world begins: a Monday, 08:00 UTC. */
const beginning = Date.UTC(2026, 0, 5, 8);
export const environment = "sim";
export const repositories = ["acme/shop", "acme/docs"] as const;

/** Where its environment is deployed. */
export const place: Place = { awsPartition: "aws", region: "eu-west-1", account: "000000000000" };

/** An environment as the stack would write it. */
export function furnished(configure: Partial<Defaults> = {}): Defaults {
  const classes = Object.keys(defaultResourceClasses);
  return {
    ...operationalDefaults,
    schema: environmentSchema,
    configHash: "one",
    resourceClasses: defaultResourceClasses,
    environment,
    ...place,
    queues: Object.fromEntries(
      classes.map((name) => [
        name,
        { url: queueName(environment, name), unreadableUrl: unreadableQueueName(environment, name) },
      ]),
    ),
    templates: Object.fromEntries(
      classes.flatMap((name) =>
        architectures.map((architecture) => [
          `${name}/${architecture}`,
          { id: templateName(environment, name, architecture), version: "1" },
        ]),
      ),
    ),
    subnets: ["a", "b", "c"].map((zone) => ({ id: `subnet-${zone}`, zone: `${place.region}${zone}` })),
    imageParameters: { x64: imageParameter(environment, "x64"), arm64: imageParameter(environment, "arm64") },
    forge: {
      kind: "github",
      serverUrl: "https://github.test",
      apiUrl: "https://api.github.test",
      repositories,
    },
    partitions: {},
    ...configure,
  };
}

export function worldOf(options: WorldOptions): World {
  const { seed, rates, runAgent, configure, heard } = options;
  const chance = chanceOf(seed);
  const time = virtualTime(beginning, chance, () =>
    checks.violated("a world ends", `${time.events} events, and no end`),
  );
  const faults = faultsAt(rates);
  const stateOf = (): State => world;
  const checks = checksOf(stateOf);
  const around = {
    time,
    faults,
    heard: (process: string, name: string, facts: Record<string, unknown>) => {
      heard?.(time.now() - beginning, process, name, facts);
      // What a process catches and logs may be a mistake all the same.
      const { problem } = facts;
      if (typeof problem === "string" && /\b(?:Type|Reference|Range|Syntax)Error\b/.test(problem))
        checks.violated("no step throws", `${process} ${name}: ${problem}`);
    },
  };
  const world: World = {
    environment,
    place,
    time,
    chance: chance.fork("world"),
    faults,
    around,
    table: tableOfRecords(time, (change) => {
      heard?.(time.now() - beginning, change.cause, "world.wrote", {
        state: change.after.state,
        signal: change.after.signal?.kind,
        version: change.after.version,
      });
      checks.changed(change);
    }),
    queues: new Map(),
    machines: machinesOf(stateOf, chance, runAgent),
    forge: forgeOf(time, chance),
    words: wordsOf(furnished(configure)),
    requests: noRequests(),
    vault: new Map(
      architectures.map((architecture) => [
        imageParameter(environment, architecture),
        { value: `ami-${architecture}`, writtenAt: beginning },
      ]),
    ),
    checks,
    process(name, diesAtAwait) {
      const skewMs = Math.round((chance.fork(`clock of ${name}`).next() * 2 - 1) * faults.rates.controlSkewMs);
      if (skewMs !== 0) faults.meet("controlSkewMs");
      const process = startProcess(around, {
        name,
        chance: chance.fork(`process ${name}`),
        skewMs,
        ...(diesAtAwait === undefined ? {} : { diesAtAwait }),
      });
      const ports: ControlPorts = {
        instances: instancesPort(world, process),
        settings: settingsPort(world, process),
        pool: poolPort(world, process),
        fleet: fleetPort(world, process),
        forge: forgePort(world, process),
        beginnings: beginningsPort(world, process),
        requests: requestsPort(world, process),
        secrets: secretsPort(world, process),
        secretFolder: secretFolderPort(world, process),
        clock: process.clock,
        random: process.random,
        log: process.log,
      };
      return { process, ports };
    },
  };
  return world;
}
