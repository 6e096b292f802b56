// One move of many records: in transactions, each record by its own condition, whatever becomes of the others.
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import type { InstanceRef } from "../../cloud/ports/store.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { done, fresh, newcomer, until } from "../contract/newcomers.ts";

let sim: HttpSim;
beforeAll(async () => {
  sim = await openHttpSim();
});
afterAll(() => sim.close());
beforeEach(() => {
  sim.faults.heal();
  sim.door.resetCalls();
});
const calls = (action: string): number => sim.door.calls().dynamodb?.[action] ?? 0;

/** Created ones without an owner. */
async function several(count: number): Promise<readonly InstanceRef[]> {
  const refs: InstanceRef[] = [];
  for (let made = 0; made < count; made++) {
    const { ref, machine } = await newcomer(sim);
    done(await sim.instances.move("create", ref, { ...until(sim), machine, claimId: fresh("c") }));
    refs.push(ref);
  }
  sim.door.resetCalls();
  return refs;
}
const gone = () => ({ ...until(sim), reason: { code: "gone", by: "unknown" } as const });
const condemned = (refs: readonly InstanceRef[]) =>
  sim.instances.moveAll(
    "condemn-gone",
    refs.map((ref) => ({ ref, params: gone() })),
  );
const statesOf = async (refs: readonly InstanceRef[]): Promise<readonly string[]> =>
  (await sim.instances.read(refs.map(({ key }) => key))).items.map(({ state }) => state);

it("makes a hundred and twenty moves in two calls", async () => {
  const refs = await several(120);
  expect((await condemned(refs)).every((one) => one.kind === "done" && !one.already)).toBe(true);
  expect(await statesOf(refs)).toEqual(refs.map(() => "terminating"));
  expect([calls("TransactWriteItems"), calls("UpdateItem")]).toEqual([2, 0]);
});

it("decides each by its own condition: one made before, one that does not exist, and all others are done", async () => {
  const refs = await several(30);
  await sim.instances.move("condemn-gone", refs[3] as InstanceRef, gone());
  const missing = { ...(refs[0] as InstanceRef), key: "arn:aws:ec2:eu-west-1:1:instance/i-none" };
  const outcomes = await condemned([...refs, missing]);
  expect(outcomes[3]).toEqual({ kind: "done", already: true, record: expect.anything() });
  expect(outcomes[30]).toEqual({ kind: "refused", why: "missing", record: undefined });
  const others = outcomes.filter((_, index) => index !== 3 && index !== 30);
  expect(others.every((one) => one.kind === "done" && !one.already)).toBe(true);
  expect(new Set(await statesOf(refs))).toEqual(new Set(["terminating"]));
});

it("says why a condition does not hold, and writes nothing of what is refused", async () => {
  const refs = await several(12);
  const outcomes = await sim.instances.moveAll(
    "condemn-expired",
    refs.map((ref) => ({ ref, params: gone() })),
  );
  expect(outcomes).toEqual(
    refs.map(() => ({ kind: "refused", why: "past its threshold", record: expect.objectContaining({ version: 1 }) })),
  );
  expect(new Set(await statesOf(refs))).toEqual(new Set(["created"]));
});

it("refuses alone what an instance has spoilt, and makes all other moves in two transactions", async () => {
  const refs = await several(12);
  const prepared = toItem({ kind: "prepared", rank: 1, assignment: 0, at: 1 });
  for (const [index, { key }] of refs.entries())
    await sim.clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: sim.table,
        Key: { key: { S: key } },
        UpdateExpression: "SET #signal = :signal, #version = :version",
        ExpressionAttributeNames: { "#signal": "signal", "#version": "version" },
        ExpressionAttributeValues: {
          ":signal": { M: prepared },
          ":version": index === 5 ? { S: "seven" } : { N: "1" },
        },
      }),
    );
  sim.door.resetCalls();
  const outcomes = await sim.instances.moveAll(
    "park-prepared",
    refs.map((ref) => ({ ref, params: until(sim) })),
  );
  expect(outcomes[5]).toEqual({ kind: "refused", why: "spoilt", record: undefined });
  expect(outcomes.filter(({ kind }) => kind === "done")).toHaveLength(11);
  expect([calls("TransactWriteItems"), calls("UpdateItem")]).toEqual([2, 0]);
});

it("condemns once, though the reply of a transaction was lost", async () => {
  const refs = await several(15);
  let lost = false;
  sim.faults.set("dynamodb", "TransactWriteItems", {
    get lostAfter() {
      if (lost) return 0;
      lost = true;
      return 1;
    },
  });
  expect((await condemned(refs)).every(({ kind }) => kind === "done")).toBe(true);
  const { items } = await sim.instances.read(refs.map(({ key }) => key));
  expect(new Set(items.map(({ version }) => version))).toEqual(new Set([Number.MAX_SAFE_INTEGER]));
});

it("gives the unknown for each of a transaction that is never answered", async () => {
  const refs = await several(10);
  sim.faults.set("dynamodb", "TransactWriteItems", { lostBefore: 1 });
  expect(new Set((await condemned(refs)).map(({ kind }) => kind))).toEqual(new Set(["unknown"]));
});

it("makes a few moves one by one", async () => {
  const refs = await several(3);
  expect((await condemned(refs)).map(({ kind }) => kind)).toEqual(["done", "done", "done"]);
  expect([calls("TransactWriteItems"), calls("UpdateItem")]).toEqual([0, 3]);
});
