// What becomes of the messages of a scan: deleted only where a claim has decided.
import { expect, test } from "vitest";
import type { ControlPorts } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { lookAtPool, promised, select } from "../../control/pool/selection.ts";
import { limits } from "../../domain/limits.ts";
import { messageOf, type PoolMessage } from "../../domain/pool-message.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { contextFor, refreshedWorld, requestOf } from "./calm-world.ts";
import { recordOf } from "./record-of.ts";

/** A pool of one, whose message every receive delivers twice; with what the scan deletes and returns. `as`: what a message is read as. */
async function scanned(
  change: (ports: ControlPorts) => Partial<ControlPorts["instances"]>,
  as: (message: PoolMessage) => PoolMessage = (message) => message,
) {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  const dropped: string[] = [];
  const returned: string[] = [];
  const won = await world.does("scan", async (ports) => {
    const pool: ControlPorts["pool"] = {
      ...ports.pool,
      receive: async (...asked) => {
        const received = (await ports.pool.receive(...asked)).map((one) =>
          one.kind === "unreadable" ? one : { ...one, message: as(one.message) },
        );
        return received.flatMap((one) => [one, { ...one, receipt: `${one.receipt}, again` }]);
      },
      drop: async (_class, receipts) => void dropped.push(...receipts),
      giveBack: async (_class, receipts) => void returned.push(...receipts),
    };
    const changed = { ...ports, pool, instances: { ...ports.instances, ...change(ports) } };
    const { configuration } = await ports.settings.load();
    const context = contextFor(changed, configuration, requestOf({ runId: "1002" }));
    return await select(context, await lookAtPool(context, 1), 1, () => undefined);
  });
  return { won: won.length, dropped: dropped.length, returned: returned.length };
}

test("a claim that is won deletes the message, by each of its deliveries", async () => {
  expect(await scanned(() => ({}))).toEqual({ won: 1, dropped: 2, returned: 0 });
});

test.each([0, 9e15])("a message whose threshold is %d promises nothing, and is deleted", async (threshold) => {
  // The instance is claimed all the same, by the index: the message alone is not believed.
  expect(
    await scanned(
      () => ({}),
      (message) => ({ ...message, threshold }),
    ),
  ).toEqual({
    won: 1,
    dropped: 2,
    returned: 0,
  });
});

test("what idles beyond every possible threshold is put into no queue", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  const requeued = async (threshold: number) =>
    await world.does("refresh", async (ports) => {
      const pool = { ...ports.pool, depth: async () => 0 };
      const all = async () => {
        const found = await ports.instances.all();
        return { ...found, items: found.items.map((record) => ({ ...record, threshold })) };
      };
      // Without what EC2 knows nothing is found past its threshold, and ended.
      const fleet = { ...ports.fleet, ours: () => Promise.reject(new Error("no answer")) };
      return (await refresh({ ...ports, pool, fleet, instances: { ...ports.instances, all } }, { dryRun: true }))
        .requeued;
    });
  expect(await requeued(world.time.now() + limits.idleMs)).toBe(1);
  expect(await requeued(9e15)).toBe(0);
});

/** Claims and condemnations are refused; the record shows a heartbeat of that age, ms. */
const heardOf =
  (ageMs: number) =>
  (ports: ControlPorts): Partial<ControlPorts["instances"]> => ({
    move: async (name, ref) => {
      const [record] = (await ports.instances.read([ref.key])).items;
      if (record === undefined) throw new Error(`no record ${ref.key}`);
      if (name !== "claim") return { kind: "refused", why: "heartbeat over a minute old", record };
      return { kind: "refused", why: "heartbeat fresh", record: { ...record, heartbeatAt: ports.clock.now() - ageMs } };
    },
  });

test("an instance that is silent at the moment keeps its message, delivered twice or not", async () => {
  expect(await scanned(heardOf(20_000))).toEqual({ won: 0, dropped: 0, returned: 2 });
});

test("one that is heard of again while it is being condemned keeps its message", async () => {
  expect(await scanned(heardOf(120_000))).toEqual({ won: 0, dropped: 0, returned: 2 });
});

test("a claim of which nobody knows what came of it keeps its message", async () => {
  const move: ControlPorts["instances"]["move"] = async () => ({ kind: "unknown", problem: "no reply" });
  expect(await scanned(() => ({ move }))).toEqual({ won: 0, dropped: 0, returned: 2 });
});

test("an instance that comes back to the pool while it is scanned keeps its new message, and is claimed by it", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "2" })));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  let claims = 0;
  const taken = await world.does("scan", async (ports) => {
    const { items } = await ports.instances.all();
    const [first, other] = items;
    if (first === undefined || other === undefined) throw new Error("there are no two");
    // The first was lost by its earlier word; by its new one it is had.
    const batches = [[messageOf({ ...first, version: first.version - 2 })], [messageOf(first)]];
    const receive: ControlPorts["pool"]["receive"] = async () =>
      (batches.shift() ?? []).map((message) => ({ kind: "message", receipt: String(message.version), message }));
    const move: ControlPorts["instances"]["move"] = async (name, ref, intent) => {
      if (name === "claim" && ref.key === first.key && claims++ === 0)
        return { kind: "refused", why: "state", record: first };
      return await ports.instances.move(name, ref, intent);
    };
    const changed = { ...ports, pool: { ...ports.pool, receive }, instances: { ...ports.instances, move } };
    const { configuration } = await ports.settings.load();
    const context = contextFor(changed, configuration, requestOf({ runId: "1002" }));
    return await select(context, await lookAtPool(context, 2), 2, () => undefined);
  });
  expect(claims).toBe(2);
  expect(taken).toHaveLength(2);
});

test("what the table lets nobody claim, for what its instance has written, is a lost claim and is promised no second time", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  const seen = await world.does("scan", async (ports) => {
    const move: ControlPorts["instances"]["move"] = async () => ({ kind: "refused", why: "spoilt", record: undefined });
    const changed = { ...ports, instances: { ...ports.instances, move } };
    const { configuration } = await ports.settings.load();
    const context = contextFor(changed, configuration, requestOf({ runId: "1002" }));
    const look = await lookAtPool(context, 1);
    const before = promised(context, look);
    const taken = await select(context, look, 1, () => undefined);
    return [before, taken.length, promised(context, look)];
  });
  expect(seen).toEqual([1, 0, 0]);
});

test("what ends within the margin of a claim is not promised, be it listed or received", async () => {
  const world = await refreshedWorld();
  const seen = await world.does("scan", async (ports) => {
    const { configuration } = await ports.settings.load();
    const context = contextFor(ports, configuration, requestOf());
    const inside = recordOf({ threshold: ports.clock.now() + limits.claimMarginMs });
    const beyond = recordOf({ key: "another", threshold: ports.clock.now() + limits.claimMarginMs + 1 });
    const look = (records: readonly InstanceRecord[]) => ({
      listed: { items: records, damaged: [] },
      received: records.map((one) => ({ kind: "message", receipt: one.key, message: messageOf(one) }) as const),
    });
    return [promised(context, look([inside])), promised(context, look([inside, beyond]))];
  });
  expect(seen).toEqual([0, 1]);
});
