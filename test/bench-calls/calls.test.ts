// How many calls the control plane makes, counted at the front door: unlike times, counts do not wobble.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBenchCloud, type BenchCloud } from "../../bench/bench-cloud.ts";
import { contestOnce, contests } from "../../bench/rows/compete.ts";
import { provisionOnce } from "../../bench/rows/provision-process.ts";
import { refreshHostileOnce, refreshOnce } from "../../bench/rows/refresh.ts";
import { misfitsOnce, selectOnce } from "../../bench/rows/select.ts";

/** On a machine so busy that a call times out it is made again, and counted twice. */
const retry = 2;

let cloud: BenchCloud;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "runpool-calls-"));
  cloud = await openBenchCloud();
});
afterAll(async () => {
  cloud.close();
  await rm(directory, { recursive: true, force: true });
});

test("a thousand idle instances of which none fits are known as such after seven calls", { retry }, async () => {
  expect((await misfitsOnce(cloud)).calls).toBeLessThanOrEqual(7);
});

test.each([
  [1, 6],
  [10, 16],
  [50, 66],
])("taking %i of a hundred that fit takes %i calls at most", { retry }, async (count, most) => {
  expect((await selectOnce(cloud, count)).calls).toBeLessThanOrEqual(most);
});

test.each([
  [1, 3, 0],
  [10, 11, 1],
  [50, 51, 1],
])("a provision of %i from the pool claims one by one and starts all at once", { retry }, async (count, ...writes) => {
  await provisionOnce(cloud, directory, count);
  // One more keeps the request, for re-runs. Reads are not counted: it looks until the last one is registered.
  const { UpdateItem = 0, TransactWriteItems = 0 } = (await cloud.callsByAction())["dynamodb"] ?? {};
  expect([UpdateItem, TransactWriteItems]).toEqual(writes);
});

test("a refresh that finds a thousand expired instances makes 120 calls at most", { retry }, async () => {
  expect((await refreshOnce(cloud)).calls).toBeLessThanOrEqual(120);
});

test("a hundred hostile instances of a thousand cost a refresh one call each at most", { retry }, async () => {
  const healthy = (await refreshHostileOnce(cloud, 0)).calls ?? 0;
  expect((await refreshHostileOnce(cloud, 100)).calls).toBeLessThanOrEqual(healthy + 100);
});

describe("twenty processes at once", { retry }, () => {
  test("share a pool that has exactly what they want: all of it, nothing twice, in 260 calls at most", async () => {
    const { won, sample } = await contestOnce(cloud, directory, contests.allAlike);
    expect(won).toBe(100);
    expect(sample.calls).toBeLessThanOrEqual(260);
  });

  test("of which half wants c* and half m* all find theirs in a pool of exactly that", async () => {
    expect((await contestOnce(cloud, directory, contests.mixed)).won).toBe(100);
  });
});
