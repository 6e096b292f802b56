// What operators do: retire, pause, resume, drain, by the real process.
import { recordSchema } from "../../domain/record.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import { drainCode } from "../../entry/cli/drain.ts";
import { exitCodes } from "../../entry/cli/exit-codes.ts";
import { openCliBench, ownedBy, type CliBench } from "./bench.ts";
import { repository } from "./cloud.ts";

let bench: CliBench;
beforeEach(async () => {
  bench = await openCliBench();
});
afterEach(() => bench.close());

const idle = "i-0ccccccccccccccc1";
const busy = "i-0aaaaaaaaaaaaaaa1";
const atWork = async (): Promise<void> => {
  const signal = signalOf("registered", 1, bench.clock.now());
  await bench.record({ instanceId: busy, ...ownedBy("1001"), state: "running", signal, busy: true });
};
const recordOf = (instanceId: string) => bench.records().find((record) => record.instanceId === instanceId);

test("retire ends an idle instance at once, with the reason in its record; again is no failure", async () => {
  await bench.record({ instanceId: idle });
  const { code, out } = await bench.run(["retire", idle, "--reason", "noisy neighbour"]);
  expect([code, out]).toEqual([0, `${idle} has ended\n`]);
  expect(recordOf(idle)).toMatchObject({
    state: "terminating",
    reason: { code: "operator", reason: "noisy neighbour" },
  });
  expect((await bench.run(["retire", idle])).code).toBe(0);
});

test("retire asks one at work to leave, and touches it no further", async () => {
  await atWork();
  const { code, out } = await bench.run(["retire", busy]);
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^${busy} was asked to leave run 1001; a job runs on it. It ends in [67] min`));
  expect(recordOf(busy)).toMatchObject({ state: "running", wanted: "leave", owner: "github:run:1001:1:provision" });
});

test("retire --wait ends it once it has left, without a moment in the pool's queue", async () => {
  bench.agents.manners.leaves = true;
  await atWork();
  const { code, out } = await bench.run(["retire", busy, "--wait"]);
  expect([code, out]).toEqual([0, `${busy} has ended\n`]);
  expect(recordOf(busy)).toMatchObject({
    state: "terminating",
    reason: { code: "operator", reason: "retired by an operator" },
  });
  expect(bench.bodies("large")).toEqual([]);
});

test("retire of an instance that is not there exits 2 and says where to look", async () => {
  const { code, err } = await bench.run(["retire", "i-0123456789abcdef0"]);
  expect([code, err]).toEqual([
    2,
    'runpool: no instance "i-0123456789abcdef0" in environment "dev": see runpool instances\nSee runpool retire --help.\n',
  ]);
});

test("retire of an instance whose record is damaged exits 2, says what is wrong with it, and changes nothing", async () => {
  const { key } = await bench.record({ instanceId: busy });
  await bench.put(toItem({ key, schema: recordSchema, instanceId: busy }));
  const before = bench.everything();
  for (const words of [[], ["--wait"]]) {
    const { code, out, err } = await bench.run(["retire", busy, ...words]);
    expect([code, out, err]).toEqual([
      2,
      "",
      `runpool: the record of ${busy} is damaged (partition is missing, not a string); it cannot be retired\nSee runpool retire --help.\n`,
    ]);
  }
  expect(bench.everything()).toBe(before);
});

test("pause stops provisioning with its reason, resume lets it go on, both safe to repeat", async () => {
  const first = await bench.run(["resume"]);
  expect([first.code, first.out]).toEqual([0, "dev was not paused\n"]);
  const paused = await bench.run(["pause", "--reason", "new image"]);
  expect([paused.code, paused.out]).toEqual([0, "dev is paused: new image\nrunpool resume ends the pause\n"]);
  expect((await bench.run(["pause", "--reason", "still new image"])).out).toContain(
    "(it was paused before: new image)",
  );
  const job = { GITHUB_RUN_ID: "1", GITHUB_REPOSITORY: repository };
  const refused = await bench.run(["provision"], job);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("provisioning is paused: still new image")]);
  const resumed = await bench.run(["resume", "--json"]);
  expect(JSON.parse(resumed.out)).toMatchObject({ wasPaused: true, paused: { reason: "still new image" } });
  expect((await bench.run(["status"])).out).not.toContain("paused");
});

test("drain pauses, ends what is idle and asks the rest to leave", async () => {
  await bench.record({ instanceId: idle });
  await atWork();
  const { code, out } = await bench.run(["drain", "--all"]);
  expect(code).toBe(0);
  expect(out).toBe(`dev is paused (runpool resume ends it): 1 instance ended, 1 leaving\n- ${busy}\n`);
  expect([recordOf(idle)?.state, recordOf(busy)?.state, recordOf(busy)?.wanted]).toEqual([
    "terminating",
    "running",
    "leave",
  ]);
  expect((await bench.run(["status"])).out).toContain("drained by an operator (runpool resume ends it)");
});

test("drain --wait goes on until every instance is ended, and keeps the reason of a pause that stood", async () => {
  bench.agents.manners.leaves = true;
  await bench.run(["pause", "--reason", "moving"]);
  await bench.record({ instanceId: idle });
  await atWork();
  const { code, out } = await bench.run(["drain", "--all", "--wait", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ended: expect.arrayContaining([idle, busy]) as unknown, leaving: [] });
  expect(bench.records().map(({ state }) => state)).toEqual(["terminating", "terminating"]);
  expect((await bench.run(["status"])).out).toContain("moving");
});

test("drain fails if it was to wait and machines have not ended; asking them to leave is all that it does otherwise", () => {
  expect([drainCode(0, true, false), drainCode(0, false, false)]).toEqual([exitCodes.done, exitCodes.done]);
  expect([drainCode(1, true, false), drainCode(1, false, false)]).toEqual([exitCodes.failed, exitCodes.done]);
  expect([drainCode(1, true, true), drainCode(1, false, true)]).toEqual([exitCodes.cancelled, exitCodes.cancelled]);
});
