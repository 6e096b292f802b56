// Transactions that DynamoDB cancels for a moment only, and for good: which are tried again, and what of it all is counted.
import { TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { counters } from "../../cloud/aws/counters.ts";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { Cancellation } from "../../sim/http/faults.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { fresh, idler, until } from "../contract/newcomers.ts";

let sim: HttpSim;
beforeAll(async () => {
  sim = await openHttpSim({ maxAttempts: 1 });
});
afterAll(() => sim.close());
beforeEach(() => {
  sim.faults.heal();
  sim.door.resetCalls();
});
const transactions = (): number => sim.door.calls().dynamodb?.["TransactWriteItems"] ?? 0;
const countOf = async (scope: string) => await sim.settings.counter(scope);

/** Cancels whatever transaction comes until so many pauses have been made between tries. */
function countersThatWait(cancelledBy: Cancellation, pauses = Number.POSITIVE_INFINITY) {
  const slept: number[] = [];
  sim.faults.set("dynamodb", "TransactWriteItems", { cancelled: 1, cancelledBy });
  const sleep = async (ms: number) => {
    slept.push(ms);
    if (slept.length >= pauses) sim.faults.heal();
  };
  const { dynamodb: client } = sim.clients;
  return { slept, ...counters({ client, table: sim.table, clock: { sleep }, random: { next: () => 0.5 } }) };
}

const two = () => ["environment", "partition"].map((name) => ({ name: fresh(name), maximum: 5 }));

describe.each<Cancellation>(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])(
  "cancelled by %s",
  (code) => {
    it("a reservation is made all the same, once in each scope, after longer and longer pauses", async () => {
      const scopes = two();
      const { slept, reserve } = countersThatWait(code, 3);
      expect(await reserve(2, scopes)).toEqual({ kind: "reserved" });
      expect(slept).toEqual([40, 80, 120]);
      for (const { name } of scopes) expect(await countOf(name)).toEqual({ count: 2, reserved: 2 });
    });

    it("one whose other entries could go is tried again too", async () => {
      const scopes = Array.from({ length: 8 }, (_, index) => ({ name: fresh(`scope-${index}`), maximum: 5 }));
      const { slept, reserve } = countersThatWait(code, 1);
      // Drawn entry by entry from the simulation's own seed: some of the eight are None.
      sim.faults.set("dynamodb", "TransactWriteItems", { cancelled: 0.5, cancelledBy: code });
      const answer = await sim.clients.dynamodb
        .send(new TransactWriteItemsCommand({ TransactItems: scopes.map(({ name }) => deletionOf(name)) }))
        .catch((error: unknown) => error);
      const codes = (answer as { CancellationReasons?: { Code: string }[] }).CancellationReasons?.map(
        (one) => one.Code,
      );
      expect(new Set(codes)).toEqual(new Set(["None", code]));
      expect(await reserve(1, scopes)).toEqual({ kind: "reserved" });
      expect(slept).toHaveLength(1);
      for (const { name } of scopes) expect((await countOf(name))?.count).toBe(1);
    });

    it("a reservation that never comes through is unknown, after eight tries, and counts nowhere", async () => {
      const scopes = two();
      const { slept, reserve } = countersThatWait(code);
      expect(await reserve(2, scopes)).toMatchObject({ kind: "unknown", problem: expect.stringContaining(code) });
      expect([transactions(), slept.length]).toEqual([8, 7]);
      for (const { name } of scopes) expect(await countOf(name)).toBeUndefined();
    });

    it("what is freed and recounted is freed and recounted once, or said to be out of reach", async () => {
      const [scope] = two();
      const name = scope?.name ?? "";
      await sim.settings.reserve(5, [{ name, maximum: 5 }]);
      await countersThatWait(code, 2).free(2, [name]);
      expect(await countOf(name)).toEqual({ count: 3, reserved: 5 });
      await countersThatWait(code, 2).recount(name, { count: 3, reserved: 5 }, 1);
      expect(await countOf(name)).toEqual({ count: 1, reserved: 5 });
      const never = countersThatWait(code);
      await expect(never.free(1, [name])).rejects.toThrow(OutOfReach);
      await expect(never.recount(name, { count: 1, reserved: 5 }, 0)).rejects.toThrow(OutOfReach);
      expect(await countOf(name)).toEqual({ count: 1, reserved: 5 });
    });

    it("moves of many are made one by one after three tries", async () => {
      const idle = await Promise.all(Array.from({ length: 12 }, () => idler(sim)));
      sim.door.resetCalls();
      sim.faults.set("dynamodb", "TransactWriteItems", { cancelled: 1, cancelledBy: code });
      const moves = idle.map(({ ref }) => ({ ref, params: until(sim) }));
      const outcomes = await sim.instances.moveAll("extend-idle", moves);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "done" });
      expect(sim.door.calls().dynamodb).toMatchObject({ TransactWriteItems: 3, UpdateItem: 12 });
    });
  },
);

const deletionOf = (name: string) => ({ Delete: { TableName: sim.table, Key: { key: { S: `no-such#${name}` } } } });

it("what is freed is freed to the last place, and never below none", async () => {
  const [scope] = two();
  const { name = "" } = scope ?? {};
  await sim.settings.reserve(3, [{ name, maximum: 5 }]);
  for (const [freed, left] of [
    [1, 2],
    [2, 0],
    [1, 0],
  ] as const) {
    await sim.settings.free(freed, [name]);
    expect(await countOf(name)).toEqual({ count: left, reserved: 3 });
  }
});

describe("a full scope", () => {
  it("is named, whatever else keeps the others from going", async () => {
    const scopes = two();
    const [, narrow] = scopes;
    await sim.settings.reserve(5, [narrow as { name: string; maximum: number }]);
    expect(await sim.settings.reserve(1, scopes)).toEqual({ kind: "full", scope: narrow?.name });
    expect(transactions()).toBe(2);
  });

  it("takes exactly what is left of it", async () => {
    const [scope] = two();
    const scopes = [scope as { name: string; maximum: number }];
    expect(await sim.settings.reserve(4, scopes)).toEqual({ kind: "reserved" });
    expect(await sim.settings.reserve(2, scopes)).toMatchObject({ kind: "full" });
    expect(await sim.settings.reserve(1, scopes)).toEqual({ kind: "reserved" });
    expect(await sim.settings.reserve(1, scopes)).toMatchObject({ kind: "full" });
    expect(await sim.settings.reserve(6, [{ name: fresh("small"), maximum: 5 }])).toMatchObject({ kind: "full" });
  });
});

it("a transaction that DynamoDB refuses for good is tried once", async () => {
  const nowhere = counters({
    client: sim.clients.dynamodb,
    table: "runpool-nowhere",
    clock: { sleep: async () => {} },
    random: { next: () => 0 },
  });
  await expect(nowhere.reserve(1, two())).rejects.toThrow(AwsRefused);
  expect(transactions()).toBe(1);
});
