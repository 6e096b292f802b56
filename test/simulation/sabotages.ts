// One-line sabotages of the product that the simulation must catch. `find` must occur exactly once in the file.

export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
export interface Sabotage {
  readonly name: string;
  /** More than one only where a second layer guards the same promise: then both are taken away. */
  readonly edits: readonly Edit[];
  /** It is caught within so many seeds. */
  readonly seeds: number;
}

const instance = "domain/instance.ts";
const needs = "domain/needs.ts";
const writes = "domain/agent-writes.ts";

const one = (name: string, file: string, find: string, replace: string, seeds = 100): Sabotage => ({
  name,
  edits: [{ file, find, replace }],
  seeds,
});

export const sabotages: readonly Sabotage[] = [
  one(
    "moves without looking at the state",
    instance,
    `{ why: "state", that: stateIs(states) }`,
    `{ why: "state", that: compare("version", ">", 0) }`,
  ),
  one("claims without looking at the heartbeat", instance, `"unowned", "heartbeat fresh"]`, `"unowned"]`),
  one(
    "forgets created ones in the sweep",
    "control/findings.ts",
    `if (record.threshold <= now) return`,
    `if (record.threshold <= now && record.state !== "created") return`,
  ),
  one(
    "deletes the message before the claim",
    "control/selection.ts",
    `  const outcome = await claim(scan.undertaking, message);\n  keep`,
    `  await scan.undertaking.world.pool.drop(message.resourceClass, [receipt]);\n  const outcome = await claim(scan.undertaking, message);\n  keep`,
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
        file: "control/leave.ts",
        find: `  record.signal?.kind === "deregistered" &&\n  record.signal.assignment === record.assignment;`,
        replace: `  true;`,
      },
    ],
    seeds: 20,
  },
  one(
    "registers without looking at `wanted`",
    "agent/decide.ts",
    `return record.wanted === "leave" ? leave(view, record) : serve(view, record);`,
    `return serve(view, record);`,
  ),
  one(
    "marks terminated before EC2 says so",
    "control/findings.ts",
    `if (ended !== undefined) return { kind: "confirm", record, why: ended };`,
    `return { kind: "confirm", record, why: "condemned" };`,
  ),
  one(
    "retires whatever has moved meanwhile",
    writes,
    `and(exists("key"), absent("retiredAt"), compare("version", "=", judged.version))`,
    `and(exists("key"), absent("retiredAt"))`,
    300,
  ),
  one(
    "lets a late signal overwrite a newer one",
    writes,
    `condition: and(exists("key"), signalMovesForward(report)),`,
    `condition: exists("key"),`,
    300,
  ),
  one(
    "condemns what has begun to register",
    instance,
    `condemn(["created", "claimed"], ["own", "not begun to register"])`,
    `condemn(["created", "claimed"], ["own"])`,
  ),
  one(
    "says `deregistered` while its runner listens",
    "agent/decide.ts",
    `  if (view.runner.assignment !== undefined) return { kind: "stop", assignment: view.runner.assignment };\n  return { kind: "signal", signal: "deregistered", record };`,
    `  return { kind: "signal", signal: "deregistered", record };`,
  ),
  one(
    "sets the host's timer to the very threshold",
    "agent/agent.ts",
    `lastMoment(view) + deadlineMarginMs`,
    `lastMoment(view)`,
    1000,
  ),
  one(
    "recounts without machines that have no record",
    "control/recount.ts",
    `for (const machine of machines) if`,
    `for (const machine of [] as MachineSeen[]) if`,
    500,
  ),
  one("never ends again what EC2 did not end", "control/settle.ts", `kind === "end-again"`, `kind === "confirm"`),
  one(
    "never removes ghost runners",
    "control/refresh.ts",
    `if (online || parsed === undefined) return false;`,
    `if (parsed !== null) return false;`,
  ),
  one(
    "never sweeps machines without a record",
    "control/findings.ts",
    `!known.has(instanceId) && now`,
    `known.size < 0 && now`,
    500,
  ),
  one(
    "never sends idle ones to the pool again",
    "control/refresh.ts",
    `const requeued = dryRun ? 0 :`,
    `const requeued = 1 > 0 ? 0 :`,
  ),
  one(
    "gives nothing back when it fails",
    "control/provision.ts",
    `  await giveBack(world, configuration, saved, [...held.taken.values()], patience);`,
    `  void patience;`,
  ),
  one(
    "buys again after a lost reply",
    "control/creation.ts",
    `world.fleet.launch(order)`,
    `world.fleet.launch({ ...order, clientToken: world.random.id() })`,
    500,
  ),
  {
    name: "starts before it is registered",
    edits: [
      { file: needs, find: `and(signalIs("registered"), ofThisAssignment)`, replace: `ofThisAssignment` },
      {
        file: "control/verdict.ts",
        find: `signal?.kind === "registered" && fresh`,
        replace: `signal !== undefined && fresh`,
      },
    ],
    seeds: 20,
  },
  {
    name: "believes a signal of another assignment",
    edits: [
      {
        file: needs,
        find: `and(signalIs("deregistered"), ofThisAssignment)`,
        replace: `signalIs("deregistered")`,
      },
      {
        file: "control/leave.ts",
        find: `  record.signal.assignment === record.assignment;`,
        replace: `  record.signal.assignment <= record.assignment;`,
      },
    ],
    seeds: 100,
  },
  {
    name: "starts what was asked to leave",
    edits: [
      {
        file: instance,
        find: `...alive, "wanted to serve", "registered now"]`,
        replace: `...alive, "registered now"]`,
      },
      {
        file: "control/verdict.ts",
        find: `if (record.wanted === "leave") return`,
        replace: `if (record.version < 0) return`,
      },
    ],
    seeds: 100,
  },
  {
    name: "asks another run's instance to leave",
    edits: [
      {
        file: instance,
        find: `    needs: ["own"],\n    limit: "unchanged"`,
        replace: `    needs: [],\n    limit: "unchanged"`,
      },
      {
        file: "control/release.ts",
        find: `.filter((record) => record.runId === request.runId && `,
        replace: `.filter((record) => record.runId !== undefined && `,
      },
    ],
    seeds: 300,
  },
  one(
    "takes an unreachable GitHub for one without runners",
    "control/settle.ts",
    `if (runners === undefined || `,
    `runners ??= [];\n  if (`,
    1000,
  ),
];
