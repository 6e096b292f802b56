// One-line sabotages of the product that the simulation must catch. `find` must occur exactly once in the file.

import type { Rates } from "../world/faults.ts";
import type { Edit } from "../mutation/edit.ts";

export interface Sabotage {
  readonly name: string;
  /** More than one only where a second layer guards the same promise: then both are taken away. */
  readonly edits: readonly Edit[];
  /** Faults that bring it to light sooner than the drawn ones. */
  readonly rates?: Partial<Rates>;
  /** The first seed that is played: one that caught it when this was written; 1 unless told. Another may, should the worlds change. */
  readonly from?: number;
  /** It is caught within so many seeds; 100 unless told. */
  readonly seeds?: number;
}

const instance = "domain/instance.ts";
const needs = "domain/needs.ts";
const writes = "domain/agent-writes.ts";

const one = (name: string, file: string, find: string, replace: string, rates: Partial<Rates> = {}): Sabotage => ({
  name,
  edits: [{ file, find, replace }],
  rates,
});

export const sabotages: readonly Sabotage[] = [
  one(
    "moves without looking at the state",
    instance,
    `{ why: "state", that: stateIs(states) }`,
    `{ why: "state", that: compare("version", ">", 0) }`,
    { late: 0.1, twice: 0.2 },
  ),
  one("claims without looking at the heartbeat", instance, `"unowned", "heartbeat fresh"]`, `"unowned"]`, {
    hangs: 0.3,
  }),
  {
    name: "forgets created ones in the sweep",
    edits: [
      {
        file: "control/refresh/findings.ts",
        find: `if (isPast(record, now)) return`,
        replace: `if (isPast(record, now) && record.state !== "created") return`,
      },
      {
        file: "control/refresh/findings.ts",
        find: `record.state !== "terminated" && isLongPast(record, now)`,
        replace: `record.state !== "terminated" && record.state !== "created" && isLongPast(record, now)`,
      },
    ],
    rates: { neverBoots: 0.3, provisionDies: 0.5 },
  },
  one(
    "deletes the message before the claim",
    "control/pool/selection.ts",
    `  scan.tried.set(message.key, message.version);\n`,
    `  scan.tried.set(message.key, message.version);\n  await scan.context.world.pool.drop(message.resourceClass, [leased.receipt]);\n`,
  ),
  {
    name: "releases without `deregistered`",
    edits: [
      {
        file: instance,
        find: `needs: ["own", ...alive, "asked to leave", "deregistered now"]`,
        replace: `needs: ["own", ...alive, "asked to leave"]`,
      },
      {
        file: "control/pool/leave.ts",
        find: `  record.signal?.kind === "deregistered" &&\n  record.signal.assignment === record.assignment;`,
        replace: `  true;`,
      },
    ],
  },
  one(
    "registers without looking at `wanted`",
    "agent/decide.ts",
    `return record.wanted === "leave" ? leave(view, record) : serve(view, record);`,
    `return serve(view, record);`,
  ),
  one(
    "marks terminated before EC2 says so",
    "control/refresh/findings.ts",
    `if (ended !== undefined) return { kind: "confirm", record, why: ended };`,
    `return { kind: "confirm", record, why: { code: "gone", by: "unknown" } };`,
  ),
  {
    ...one(
      "lets a late signal overwrite a newer one",
      writes,
      `condition: and(exists("key"), signalMovesForward(report), signalStands(judged.signal)),`,
      `condition: exists("key"),`,
      { late: 0.1 },
    ),
    from: 20,
  },
  {
    ...one(
      "condemns what has begun to register",
      instance,
      `condemn(["created", "claimed"], ["own", "not begun to register"])`,
      `condemn(["created", "claimed"], ["own"])`,
      { cutOff: 0.4 },
    ),
    from: 12,
  },
  one(
    "says `deregistered` while its runner listens",
    "agent/decide.ts",
    `return drained(view, record) ?? { kind: "signal", signal: "deregistered", record };`,
    `return { kind: "signal", signal: "deregistered", record };`,
  ),
  {
    ...one(
      "never ends again what EC2 did not end",
      "control/refresh/settle.ts",
      `kind === "end-again"`,
      `kind === "confirm"`,
    ),
    from: 7,
  },
  one(
    "never removes ghost runners",
    "control/refresh/refresh.ts",
    `if (online || parsed === undefined) return false;`,
    `if (parsed !== null) return false;`,
  ),
  {
    ...one(
      "never sweeps machines without a record",
      "control/refresh/findings.ts",
      `!known.has(machine.instanceId) && now`,
      `known.size < 0 && now`,
      { provisionDies: 0.6, neverBoots: 0.4 },
    ),
    from: 6,
  },
  one(
    "gives nothing back when it fails",
    "control/pool/provide.ts",
    `  await giveBack(world, context.configuration, demand.owner, [...held.taken.values()], patience);`,
    `  void patience;`,
  ),
  one(
    "buys again after a lost reply",
    "control/pool/creation.ts",
    `world.fleet.launch(order)`,
    `world.fleet.launch({ ...order, clientToken: world.random.id() })`,
  ),
  {
    name: "starts before it is registered",
    edits: [
      { file: needs, find: `and(signalIs("registered"), ofThisAssignment)`, replace: `ofThisAssignment` },
      {
        file: "control/pool/verdict.ts",
        find: `signal?.kind === "registered" && fresh`,
        replace: `signal !== undefined && fresh`,
      },
    ],
  },
  {
    name: "believes a signal of another assignment",
    from: 10,
    edits: [
      {
        file: needs,
        find: `and(signalIs("deregistered"), ofThisAssignment)`,
        replace: `signalIs("deregistered")`,
      },
      {
        file: "control/pool/leave.ts",
        find: `  record.signal.assignment === record.assignment;`,
        replace: `  record.signal.assignment <= record.assignment;`,
      },
    ],
    rates: { provisionDies: 0.4 },
  },
  {
    name: "starts what was asked to leave",
    // No seed of the first hundred has a provision that is released in that moment.
    from: 216,
    edits: [
      {
        file: instance,
        find: `...alive, "wanted to serve", "registered now"]`,
        replace: `...alive, "registered now"]`,
      },
      {
        file: "control/pool/verdict.ts",
        find: `if (record.wanted === "leave") return`,
        replace: `if (record.version < 0) return`,
      },
    ],
  },
  {
    name: "claims what another owner holds",
    edits: [
      {
        file: instance,
        find: `from: ["idle"],\n    to: "claimed"`,
        replace: `from: ["idle", "claimed"],\n    to: "claimed"`,
      },
      { file: instance, find: `"unowned", "heartbeat fresh"]`, replace: `"heartbeat fresh"]` },
    ],
  },
  {
    name: "condemns before the threshold",
    edits: [
      {
        file: "control/refresh/findings.ts",
        find: `if (isPast(record, now)) return`,
        replace: `if (isPast(record, now + 1_200_000)) return`,
      },
      {
        file: needs,
        find: `"past its threshold": (params) => not(isAhead(params.now)),`,
        replace: `"past its threshold": (params) => not(isAhead(params.now + 1_200_000)),`,
      },
    ],
  },
  one(
    "reserves nothing before it launches",
    "control/pool/creation.ts",
    `world.settings.reserve(count, scopes)`,
    `world.settings.reserve(0, scopes)`,
  ),
  one(
    "leaves unreadable messages to the next receiver",
    "control/pool/selection.ts",
    `await world.pool.setAside(demand.resourceClass, received).catch(`,
    `await Promise.resolve().catch(`,
    { unreadable: 0.1 },
  ),
  one(
    "gives expired messages back",
    "control/pool/selection.ts",
    `scan.drop.push(receipt);`,
    `scan.giveBack.push(receipt);`,
  ),
  one(
    "keeps tokens under further names",
    "control/refresh/tokens.ts",
    `await world.secrets.write(name, (await make()).token);`,
    `for (const { token } of [await make()]) for (const all of [name, name + "-old"]) await world.secrets.write(all, token);`,
  ),
  one("leaves what an instance wrote in what it condemns", instance, `...(ends ? agentAttributes : [])`, ``, {
    hostileAgent: 0.7,
  }),
  one(
    "believes a record for as long as it likes, whatever EC2's launch time says",
    "control/refresh/findings.ts",
    `if (now - launchedAt > longest)`,
    `if (longest < 0)`,
    { hostileWorkflow: 0.5 },
  ),
  {
    ...one(
      "takes an item that an instance made for itself for its record",
      "control/refresh/refresh.ts",
      `if (foreign !== true) known.add`,
      `if (foreign !== null) known.add`,
      { hostileWorkflow: 0.7, refreshDies: 0, forgeFails: 0, forgeLimited: 0, forgeRefuses: 0 },
    ),
    from: 22,
  },
  one(
    "leaves alone what hangs while it serves",
    "control/refresh/findings.ts",
    `if (hangs(record, facts))`,
    `if (record.version < 0)`,
    { hangs: 0.4, refreshDies: 0, forgeFails: 0, forgeLimited: 0, forgeRefuses: 0 },
  ),
  one(
    "frees a place once for each time it hears that a machine has ended",
    "control/refresh/settle.ts",
    `if (outcome.already) return;`,
    `if (outcome.kind !== "done") return;`,
    { refreshOverlaps: 0.7, hostileWorkflow: 0 },
  ),
];
