// A workflow that misuses the provision role: it writes any record, counter or message that the role may, and launches machines with user data of its own.
import { poolManager, tags } from "../../domain/names.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import { messageOf } from "../../domain/pool-message.ts";
import { recordSchema, states, type InstanceRecord } from "../../domain/record.ts";
import type { Chance } from "../../sim/chance.ts";
import { catalogue } from "../../sim/ec2/catalogue.ts";
import { beat } from "./hostile-agent.ts";
import type { Machine } from "./machine.ts";
import { queueOf } from "./queues.ts";
import type { State } from "./state.ts";

const day = 24 * 3_600_000;
/** Beyond every moment that anybody means, and a number that DynamoDB still adds to. */
const forEver = 9e15;

export interface Misdeed {
  readonly name: string;
  commit(state: State, chance: Chance): void;
}
type Item = Record<string, unknown>;

const anotherRun = (state: State, chance: Chance): InstanceRecord | undefined => {
  const owned = state.table.all().filter(({ owner }) => typeof owner === "string");
  return owned.length === 0 ? undefined : chance.pick(owned);
};

/** Values of control's own attributes that make no sense, or much of it for whoever writes them. Index keys keep their type: DynamoDB refuses another. */
const values: readonly (readonly [string, readonly unknown[]])[] = [
  ["threshold", [forEver, 1e60, 0, -1]],
  ["state", [...states, "x", 5, null]],
  ["wanted", ["leave", "x", 5]],
  ["version", [forEver, 1e60, -1, "x", null]],
  ["assignment", [forEver, 1e60, -1, "x", null, 0]],
  ["uses", [1e60, -1, "x"]],
  ["launchedAt", [forEver, 1e60, 0, "x"]],
  ["schema", [99, "x", -1]],
  ["attempt", [1e60, -1, "x"]],
  ["partition", ["github:nobody/none", "", 5]],
  ["resourceClass", ["huge", "__proto__", "constructor", "", 5]],
  ["architecture", ["riscv", 5]],
  ["usageClass", ["free", 5]],
  ["instanceId", ["i-00000000000000000", "x", 5]],
  ["cpu", [1e60, "x"]],
  ["configHash", ["other", 5]],
  ["labels", [[], [5], "x", null]],
  ["registration", [[], [{}], [null], [{ forge: "github", scope: "nowhere", labels: [], kind: "token" }], "x"]],
  ["lastOwner", [5]],
  ["reason", [{ code: "x".repeat(300_000) }, { code: "failed" }, "x", 5]],
  ["expiresAt", [0, forEver, "x"]],
];

const writes = (name: string, value: unknown): Misdeed => ({
  name: `a record's ${name} = ${JSON.stringify(value)?.slice(0, 40)}`,
  commit(state, chance) {
    const victim = anyRecord(state, chance);
    if (victim !== undefined) forge(state, { ...victim, [name]: value }, this.name);
  },
});

const anyRecord = ({ table }: State, chance: Chance): InstanceRecord | undefined => {
  const all = table.all().filter(({ state }) => state !== "terminated");
  return all.length === 0 ? undefined : chance.pick(all);
};

/** Whatever becomes of the machine now is nobody's fault. */
function forge(state: State, item: Item, what: string): void {
  const key = String(item["key"]);
  const machine = state.machines.byKey(key);
  if (machine !== undefined) machine.disturbed = true;
  state.around.heard("hostile workflow", "world.hostile", { misdeed: what, key });
  state.table.forge(key, item, `hostile workflow: ${what}`);
}

const stolen: Misdeed = {
  name: "a record is given another run's owner",
  commit(state, chance) {
    const [victim, from] = [anyRecord(state, chance), anotherRun(state, chance)];
    if (victim === undefined || from === undefined) return;
    const { owner, claimId, labels, registration } = from;
    forge(state, { ...victim, owner, claimId, labels, registration }, this.name);
  },
};

const swapped: Misdeed = {
  name: "a record names another's machine",
  commit(state, chance) {
    const [victim, other] = [anyRecord(state, chance), anyRecord(state, chance)];
    if (victim === undefined || other === undefined) return;
    forge(state, { ...victim, instanceId: other.instanceId }, this.name);
    // Who writes it may as well end that machine.
    const machine = state.machines.byKey(other.key);
    if (machine !== undefined) machine.disturbed = true;
  },
};

const emptied: Misdeed = {
  name: "a record without what control writes",
  commit(state, chance) {
    const victim = anyRecord(state, chance);
    if (victim !== undefined) forge(state, { key: victim.key, heartbeatAt: state.time.now() }, this.name);
  },
};

const counts = (count: number): Misdeed => ({
  name: `a counter = ${count}`,
  commit({ words, time, around }, chance) {
    const scopes = [...words.counters.keys()];
    if (scopes.length === 0) return;
    const scope = chance.pick(scopes);
    around.heard("hostile workflow", "world.hostile", { misdeed: this.name, scope });
    time.note(`forged counter ${scope} ${count}`);
    words.counters.set(scope, count);
    for (const heard of words.watchers) heard();
  },
});

const sends = (name: string, bodyOf: (state: State, chance: Chance) => string): Misdeed => ({
  name: `a message: ${name}`,
  commit(state, chance) {
    const queue = queueOf(state.queues, "large");
    state.around.heard("hostile workflow", "world.hostile", { misdeed: this.name });
    queue.add({ body: bodyOf(state, chance), visibleAt: state.time.now(), receipt: "", forged: true });
  },
});
const message = (state: State, chance: Chance, part: Item): string => {
  const record = anyRecord(state, chance);
  const whole = record === undefined ? { key: "arn:x", instanceId: "i-x" } : messageOf(record);
  return JSON.stringify({ ...whole, threshold: forEver, ...part });
};

const drained: Misdeed = {
  name: "a queue is emptied",
  commit({ queues, around }) {
    around.heard("hostile workflow", "world.hostile", { misdeed: this.name });
    queueOf(queues, "large").clear();
  },
};

/** A record as ours are, of a machine of theirs. */
function recordFor(machine: Machine, chance: Chance, now: number): Item {
  const runId = String(chance.between(5_000, 5_999));
  return {
    key: machine.key,
    instanceId: machine.instanceId,
    partition: "github:acme/shop",
    resourceClass: "large",
    architecture: "x64",
    usageClass: "on-demand",
    instanceType: machine.type.name,
    cpu: machine.type.vcpu,
    mmem: machine.type.mib,
    zone: machine.zone,
    imageId: "ami-x64",
    templateVersion: "1",
    configHash: "one",
    launchedAt: now,
    schema: recordSchema,
    state: "running",
    owner: formatOwner(runOwner(runId, 1, "provision")),
    claimId: chance.id(),
    version: 3,
    assignment: 1,
    uses: 1,
    wanted: "serve",
    threshold: forEver,
    labels: [runId],
    registration: [{ forge: "github", scope: "acme/shop", labels: [runId], kind: "token" }],
  };
}

const launches = (name: string, beats: boolean, itemOf: (item: Item, now: number) => Item | undefined): Misdeed => ({
  name: `a machine of its own ${name}${beats ? ", which looks alive" : ""}`,
  commit(state, chance) {
    const { machines, time, environment } = state;
    const type = chance.pick(catalogue.filter(({ name }) => name.startsWith("m5.")));
    const machine = machines.launch(
      {
        type,
        zone: `${state.place.region}a`,
        usageClass: "on-demand",
        tags: { [tags.manager]: poolManager, [tags.environment]: environment, [tags.partition]: "github:acme/shop" },
      },
      { userData: "theirs" },
    );
    state.around.heard(machine.instanceId, "world.hostile", { misdeed: this.name });
    const item = itemOf(recordFor(machine, chance, time.now()), time.now());
    if (item !== undefined) forge(state, item, this.name);
    if (item !== undefined && beats) beat(state, machine);
  },
});
const ownMachines: readonly (readonly [string, (item: Item, now: number) => Item | undefined])[] = [
  ["without a record", () => undefined],
  ["that runs for ever", (item) => item],
  ["that runs as long as any may", (item, now) => ({ ...item, threshold: now + 5 * day - 60_000 })],
  ["that idles for ever", (item) => ({ ...item, owner: undefined, runId: undefined, state: "idle" })],
  ["that is created for ever", (item) => ({ ...item, state: "created" })],
  ["that is ended by its record", (item) => ({ ...item, state: "terminated" })],
  ["that is ending by its record", (item) => ({ ...item, state: "terminating" })],
  ["launched in the future", (item) => ({ ...item, launchedAt: forEver })],
  ["of a newer schema", (item) => ({ ...item, schema: 99 })],
  ["with half a record", ({ key, state, threshold }) => ({ key, state, threshold })],
  ["of an unknown class", (item) => ({ ...item, resourceClass: "huge" })],
  ["of an unknown partition", (item) => ({ ...item, partition: "github:nobody/none" })],
];

/** Everything that such a workflow does, one by one. */
export const misdeeds: readonly Misdeed[] = [
  ...values.flatMap(([name, all]) => all.map((value) => writes(name, value))),
  stolen,
  swapped,
  emptied,
  ...[0, -5, 1, 100, forEver].map(counts),
  sends("for ever, of any record", (state, chance) => message(state, chance, {})),
  sends("of no machine", (state, chance) => message(state, chance, { key: "arn:aws:ec2:x:1:instance/i-0" })),
  sends("with numbers beyond all", (state, chance) =>
    message(state, chance, { version: 1e308, cpu: 1e308, mmem: 1e308 }),
  ),
  sends("of long ago", (state, chance) => message(state, chance, { threshold: 0 })),
  sends("of another partition", (state, chance) => message(state, chance, { partition: "github:nobody/none" })),
  sends("that is no JSON", () => "x".repeat(200_000)),
  sends("that is another's", () => JSON.stringify({ __proto__: 1, key: ["x"], threshold: "soon" })),
  drained,
  ...ownMachines.flatMap(([name, itemOf]) => [launches(name, false, itemOf), launches(name, true, itemOf)]),
];
const ofMachines = misdeeds.filter(({ name }) => name.startsWith("a machine of its own"));

export function misbehave(state: State, misdeed: Misdeed, chance: Chance): void {
  state.faults.meet("hostileWorkflow");
  misdeed.commit(state, chance);
}

/** Some of them, over minutes, from now on. */
export function misuse(state: State, chance: Chance): void {
  const { faults, time } = state;
  let left = chance.between(1, 4);
  const turn = (): void => {
    if (faults.healed) return;
    misbehave(state, chance.pick(chance.happens(0.3) ? ofMachines : misdeeds), chance);
    if (--left > 0) time.after(chance.between(100, 3 * 60_000), "the hostile workflow goes on", turn);
  };
  turn();
}
