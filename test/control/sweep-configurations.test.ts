// Just-in-time configurations in SSM: kept while an agent may ask for them, and deleted by refresh as soon as none will.
import { worded } from "../../entry/words/reasons.ts";
import { describe, expect, test } from "vitest";
import { refresh } from "../../control/refresh/refresh.ts";
import { isUsedUp } from "../../control/refresh/sweep-configurations.ts";
import { provision } from "../../control/runs/provision.ts";
import { environment } from "../world/world.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import { limits } from "../../domain/limits.ts";
import { refreshSummary } from "../../entry/action/summary.ts";
import { refreshLines } from "../../entry/cli/refresh-lines.ts";
import type { Sink } from "../../entry/words/terminal.ts";
import { jitConfigurationParameter, registrationTokenParameter } from "../../domain/names.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { refreshedWorld, repository, requestOf } from "./calm-world.ts";
import { now, owned, recordOf } from "./record-of.ts";

const usedUp = (record: InstanceRecord | undefined, held: { assignment?: number; ageMs?: number } = {}): boolean =>
  isUsedUp({ assignment: held.assignment ?? 2, writtenAt: now - (held.ageMs ?? 0) }, record, now, limits.bootMs);
const claimed = (changes: Partial<InstanceRecord> & { said?: SignalKind } = {}) =>
  recordOf({ ...owned, state: "claimed", assignment: 2, ...changes });

describe("a configuration is kept", () => {
  test("while its record, or its assignment, may yet come to be: as long as a machine may boot", () => {
    expect(usedUp(undefined, { ageMs: limits.bootMs })).toBe(false);
    expect(usedUp(undefined, { ageMs: limits.bootMs + 1 })).toBe(true);
    expect(usedUp(claimed(), { assignment: 3, ageMs: limits.bootMs })).toBe(false);
    expect(usedUp(claimed(), { assignment: 3, ageMs: limits.bootMs + 1 })).toBe(true);
    // An idle instance that is about to be claimed.
    expect(usedUp(recordOf({ assignment: 1 }))).toBe(false);
  });

  test.for([undefined, "prepared", "registering"] as const)("while its agent may ask for it: signal %s", (said) => {
    expect(usedUp(claimed(said === undefined ? {} : { said }), { ageMs: limits.bootMs * 2 })).toBe(false);
  });

  test("where the signal is of the assignment before", () => {
    const { signal } = recordOf({ assignment: 1, said: "deregistered" });
    if (signal === undefined) throw new Error("no signal");
    expect(usedUp(claimed({ signal }))).toBe(false);
  });
});

describe("a configuration is used up", () => {
  test.for(["registered", "register-failed", "listener-lost", "interrupted", "deregistered"] as const)(
    "once its agent has said %s",
    (said) => expect(usedUp(claimed({ said }))).toBe(true),
  );
  test.for(["terminating", "terminated"] as const)("where its instance is %s", (state) =>
    expect(usedUp(claimed({ state, said: "registering" }))).toBe(true),
  );
  test("where its instance is idle, or serves a later assignment", () => {
    expect(usedUp(recordOf({ assignment: 2 }))).toBe(true);
    expect(usedUp(claimed({ assignment: 3 }))).toBe(true);
  });
});

describe("refresh", () => {
  /** A world with one instance that serves, and configurations of it, of the next assignment, of no instance, and a foreign name. */
  async function furnished() {
    const world = await refreshedWorld();
    await world.does("provision", (ports) => provision(ports, requestOf()));
    const [{ instanceId, assignment } = recordOf()] = world.table.all();
    const names = {
      served: jitConfigurationParameter(environment, instanceId, assignment),
      next: jitConfigurationParameter(environment, instanceId, assignment + 1),
      stray: jitConfigurationParameter(environment, "i-00000000000000000", 1),
      foreign: `/runpool/${environment}/jit/of-somebody`,
    };
    await world.does("webhook", async ({ secrets }) => {
      for (const name of Object.values(names)) await secrets.write(name, "ACONFIGURATION");
    });
    return { world, names };
  }
  const left = async (world: Awaited<ReturnType<typeof furnished>>["world"]) =>
    (await world.does("look", ({ secretFolder }) => secretFolder.list(`/runpool/${environment}/jit`))).map(
      ({ name }) => name,
    );

  test("deletes at once what has been read, what nobody came for after the boot limit, and no other secret", async () => {
    const { world, names } = await furnished();
    const first = await world.does("refresh", (ports) => refresh(ports));
    expect(first.configurations).toEqual([names.served]);
    expect(await left(world)).toEqual([names.next, names.stray, names.foreign]);
    await world.time.run(world.time.now() + limits.bootMs + 1);
    const second = await world.does("refresh", (ports) => refresh(ports));
    expect(second.configurations).toEqual([names.next, names.stray]);
    expect(await left(world)).toEqual([names.foreign]);
    const token = registrationTokenParameter(environment, `github:${repository}`);
    expect(await world.does("look", ({ secrets }) => secrets.read(token))).toBeDefined();
    expect(second.problems).toEqual([]);
  });

  test("gives an instance whose one job is over to the pool, though nobody has asked it to leave", async () => {
    const { world } = await furnished();
    const [record = recordOf()] = world.table.all();
    const signal = signalOf("deregistered", record.assignment, world.time.now(), { detail: "its one job is over" });
    for (const machine of world.machines.all()) {
      machine.root = undefined;
      world.checks.answered(machine, record.assignment);
    }
    world.table.commit(record.key, { ...record, signal }, "its agent");
    const report = await world.does("refresh", (ports) => refresh(ports));
    expect(report.findings).toMatchObject([{ kind: "make-idle", instanceId: record.instanceId, done: true }]);
    const [idle = recordOf()] = world.table.all();
    expect([idle.state, idle.owner, idle.assignment]).toEqual(["idle", undefined, record.assignment]);
    expect(await world.does("look", ({ pool }) => pool.depth("large"))).toBe(1);
  });

  test("in a dry run names them and deletes none", async () => {
    const { world, names } = await furnished();
    const { configurations } = await world.does("refresh", (ports) => refresh(ports, { dryRun: true }));
    expect(configurations).toEqual([names.served]);
    expect(await left(world)).toHaveLength(4);
  });

  test("tells people how many, in the command line and in the action's summary", async () => {
    const { world } = await furnished();
    const report = worded(await world.does("refresh", (ports) => refresh(ports, { dryRun: true })));
    const sink = { paint: (_: string, text: string) => text } as Sink;
    expect(refreshLines(report, environment, true, sink)).toContain("1 just-in-time configuration would be deleted");
    const summary = [...refreshSummary(environment, true, report)];
    expect(summary.some((line) => /just-in-time configurations deleted \| 1/.test(line))).toBe(true);
    expect([...refreshSummary(environment, true, { ...report, configurations: [] })].join()).not.toContain(
      "just-in-time",
    );
  });
});
