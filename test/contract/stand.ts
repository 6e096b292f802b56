// What a contract suite stands on: the ports over one implementation of the world, and what a test may do to that world.
import { afterAll, beforeAll, type TestContext } from "vitest";
import type { OwnInstance } from "../../cloud/ports/own-instance.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import type { Forge } from "../../cloud/ports/forge.ts";
import type { Pool } from "../../cloud/ports/queue.ts";
import type { Beginnings } from "../../cloud/ports/beginnings.ts";
import type { SavedRequests } from "../../cloud/ports/saved-requests.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import type { Settings } from "../../cloud/ports/settings.ts";
import type { Instances } from "../../cloud/ports/store.ts";
import type { SecretFolder } from "../../cloud/ports/secrets.ts";
import type { Defaults } from "../../domain/configuration.ts";

export interface Ports {
  readonly instances: Instances;
  readonly settings: Settings;
  readonly pool: Pool;
  readonly fleet: Fleet;
  readonly beginnings: Beginnings;
  readonly requests: SavedRequests;
  readonly secrets: Secrets;
  readonly secretFolder: SecretFolder;
}

export interface Stand extends Ports {
  readonly defaults: Defaults;
  readonly now: Clock["now"];
  /** Lets time pass in that world. */
  pass(ms: number): Promise<void>;
  /** A machine's key and its own record's port; nothing is in the table yet. */
  machine(): Promise<{ readonly key: string; readonly instanceId: string; readonly own: OwnInstance }>;
  /** Launches machines with these tags otherwise than by CreateFleet, where that one cannot do it there; gives their ids. */
  readonly launchPlainly?: (count: number, tags: Readonly<Record<string, string>>) => Promise<readonly string[]>;
  /** Puts an item that no version of runpool wrote. */
  readonly damage?: (key: string, attributes: Readonly<Record<string, string>>) => Promise<void>;
  /** Puts any text into a class's queue. */
  sendText(resourceClass: string, text: string): Promise<void>;
  /** How many messages the class's unreadable queue holds. */
  setAside(resourceClass: string): Promise<number>;
  /** Takes one message from the class's unreadable queue: what it holds, and why it was not read. Absent where that holds bodies only. */
  readonly takeAside?: (resourceClass: string) => Promise<{ readonly body: string; readonly problem: string }>;
  close(): Promise<void>;
}

/** What an implementation may fail to hold, for a reason that is not ours. */
export type Expectation =
  | "its own time can be made to pass"
  | "a conditional write is atomic"
  | "an item may be damaged"
  | "instance requirements decide"
  | "a client token answers with its first result";

export interface StandKind {
  readonly name: string;
  /** What does not hold for it, and why. */
  readonly lacks?: Partial<Record<Expectation, string>>;
  open(): Promise<Stand>;
}

/** Skips the test where the implementation does not hold what it needs, with the reason. */
export function needs({ name, lacks = {} }: StandKind, context: TestContext, ...expectations: Expectation[]): void {
  for (const expectation of expectations) {
    const why = lacks[expectation];
    if (why !== undefined) context.skip(`does not hold for ${name}: ${expectation}: ${why}`);
  }
}

/** An endpoint in a process of its own takes seconds to come up, and more on a busy machine. */
const openingMs = 90_000;

/** Opens a stand for the tests of a suite and closes it after them. */
export function useStand(kind: StandKind, take: (stand: Stand) => void): void {
  let stand: Stand | undefined;
  beforeAll(async () => {
    stand = await kind.open();
    take(stand);
  }, openingMs);
  afterAll(() => stand?.close());
}

export interface ForgeStand {
  readonly forge: Forge;
  readonly now: Clock["now"];
  /** A repository that exists. */
  readonly scope: string;
  /** Registers an offline runner and gives its id. */
  register(name: string): Promise<number>;
  /** A run's attempt has a job more that waits for a runner with these labels. */
  queue(runId: string, attempt: number, labels: readonly string[]): void;
  /** A job begins on it. */
  busy(runnerId: number): void;
  close(): Promise<void>;
}
