// An agent that was taken over: it writes what its role's policy allows (its own item's `agentAttributes` and `version`), of any type and size.
import { signalOf } from "../../domain/agent-writes.ts";
import { agentAttributes, signalRank, type InstanceRecord, type SignalKind } from "../../domain/record.ts";
import type { Chance } from "../../sim/chance.ts";
import { bytesOf, mostItemBytes } from "./forged-items.ts";
import { isUp, type Machine } from "./machine.ts";
import type { State } from "./state.ts";

type Writable = (typeof agentAttributes)[number] | "version";
/** Attributes to set; `undefined` removes one. */
export type Patch = Partial<Record<Writable, unknown>>;

/** What a trick knows: the item as it stands, those of other machines, the moment. */
interface Known {
  readonly item: Partial<InstanceRecord>;
  readonly others: readonly InstanceRecord[];
  readonly now: number;
}
export interface Trick {
  readonly name: string;
  patch(known: Known, chance: Chance): Patch;
}

const trick = (name: string, patch: Trick["patch"]): Trick => ({ name, patch });
const set = (name: Writable, value: unknown): Trick => trick(`${name} = ${shown(value)}`, () => ({ [name]: value }));
const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 30));

/** So much text that the item stays just below what DynamoDB takes. */
const filling = ({ item }: Known): string => "x".repeat(Math.max(0, mostItemBytes - bytesOf(item) - 300));

/** A value of each type that DynamoDB stores, where another is expected. */
const strangers = [null, "x", "", 7, -1, 0.5, 9e15, 1e60, true, [], {}, [null], { kind: 5 }] as const;
const kinds = Object.keys(signalRank) as SignalKind[];
const assignmentOf = ({ item }: Known): number => item.assignment ?? 0;

/** Every single thing that such an agent may write, in an order that does not change. */
export const tricks: readonly Trick[] = [
  ...(["version", ...agentAttributes] as const).flatMap((name) => [
    set(name, undefined),
    ...strangers.map((value) => set(name, value)),
    trick(`${name} fills the item`, (known) => ({ [name]: filling(known) })),
    trick(`another machine's ${name}`, ({ others }, chance) => ({
      [name]: others.length === 0 ? undefined : chance.pick(others)[name],
    })),
  ]),
  trick("version grows", ({ item }) => ({ version: (item.version ?? 0) + 1 })),
  trick("signs of life of the future", ({ now }) => ({ heartbeatAt: now + 10 * 365 * 24 * 3_600_000 })),
  trick("retired now", ({ now }) => ({ retiredAt: now })),
  ...kinds.flatMap((kind) => [
    trick(`forged: ${kind}`, (known) => ({ signal: signalOf(kind, assignmentOf(known), known.now) })),
    trick(`forged for what comes next: ${kind}`, (known) => ({
      signal: signalOf(kind, assignmentOf(known) + 1, known.now),
    })),
  ]),
  trick("a signal of an unknown kind", (known) => ({
    signal: { kind: "promoted", rank: 1e60, assignment: assignmentOf(known), at: known.now },
  })),
  ...["token", "version", "promoted", 5, null, {}].map((cause) =>
    trick(`a failure with the cause ${shown(cause)}`, (known) => ({
      signal: { ...signalOf("register-failed", assignmentOf(known), known.now), cause },
    })),
  ),
  trick("a signal's number that is a text", (known) => ({
    signal: { kind: "registered", rank: "4", assignment: "1", at: known.now },
  })),
  trick("a detail that fills the item", (known) => ({
    signal: signalOf("prepare-failed", assignmentOf(known), known.now, { detail: filling(known) }),
  })),
  ...[5, "", "9".repeat(10_000), null, {}, "99999999999.0.0", "-1", "2.328.0"].map((runnerVersion) =>
    trick(`vitals with runner version ${shown(runnerVersion)}`, () => ({
      vitals: { listener: "online", jobs: 0, diskFree: 0.5, runnerVersion },
    })),
  ),
  ...["0.01", -1, null, 1e60, {}].map((diskFree) =>
    trick(`vitals with free disk ${shown(diskFree)}`, () => ({ vitals: { listener: "none", jobs: 0, diskFree } })),
  ),
  trick("vitals that fill the item", (known) => ({ vitals: { listener: filling(known), jobs: [], diskFree: 0.5 } })),
];

/** What has stopped more than its own machine once: half of what is played. */
const notorious = tricks.filter(({ name }) =>
  [
    "version = 1e+60",
    "version = null",
    "agentVersion fills the item",
    "a detail that fills the item",
    "vitals with runner version 5",
    'busy = "x"',
  ].includes(name),
);

/** Makes the writes of a trick; the item may be one that it makes for itself. */
export function play(state: State, machine: Machine, one: Trick, chance: Chance): void {
  const { table, time } = state;
  const item = table.get(machine.key);
  const others = table.all().filter(({ key }) => key !== machine.key && !table.isForged(key));
  const patch = one.patch({ item: item ?? { key: machine.key }, others, now: time.now() }, chance);
  const next: Record<string, unknown> = { ...item, ...patch };
  for (const [name, value] of Object.entries(patch)) if (value === undefined) delete next[name];
  state.around.heard(machine.instanceId, "world.hostile", { trick: one.name });
  table.forge(machine.key, next, `hostile ${machine.instanceId}: ${one.name}`);
}

/** Its root is somebody else's: our software on it and its timers are no more. Jobs of its run still run, and its runner still listens. */
export function seize(machine: Machine): void {
  machine.disturbed = true;
  machine.deadline?.cancel();
  machine.taken = { stop: () => {} };
  machine.agent?.kill();
}

/** Signs of life for as long as it is up. */
export function beat({ table }: State, machine: Machine): void {
  const stop = table.pulse(machine.key, (now) => ({ heartbeatAt: now, busy: false, agentVersion: "", vitals: quiet }));
  machine.taken = { stop };
}

/** A life of a few tricks, drawn. */
export function takeOver(state: State, machine: Machine, chance: Chance): void {
  const { time } = state;
  seize(machine);
  let left = chance.between(1, 6);
  const turn = (): void => {
    if (!isUp(machine)) return;
    machine.taken?.stop();
    play(state, machine, chance.pick(chance.happens(0.5) ? notorious : tricks), chance);
    // It looks alive, unless that is what it lies about.
    if (chance.happens(0.5)) beat(state, machine);
    if (--left > 0) time.after(chance.between(1_000, 5 * 60_000), `${machine.instanceId} writes`, turn);
  };
  turn();
}
const quiet = { listener: "online", jobs: 0, diskFree: 0.5 } as const;
