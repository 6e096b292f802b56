// `runpool events`: what two looks at a record tell, what the table still tells of the last hour, and following it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signalOf } from "../../domain/agent-writes.ts";
import { limits } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { changesOf } from "../../entry/cli/changes.ts";
import { parseDuration } from "../../domain/duration.ts";
import { openCliBench, ownedBy, type CliBench } from "./bench.ts";

let bench: CliBench;
let idle: InstanceRecord;
const id = "i-0ccccccccccccccc1";
const minute = 60_000;
beforeAll(async () => {
  bench = await openCliBench();
  const now = bench.clock.now();
  idle = await bench.record({ instanceId: id, launchedAt: now - 50 * minute, threshold: now + limits.idleMs - minute });
  await bench.record({
    instanceId: "i-0ddddddddddddddd1",
    state: "terminating",
    launchedAt: now - 90 * minute,
    threshold: now + limits.terminateMs - 3 * minute,
    lastOwner: "github:run:1001:2:ci",
    reason: { code: "expired", state: "running" },
    signal: signalOf("registered", 1, now - 20 * minute),
  });
});
afterAll(() => bench.close());

describe("between two looks", () => {
  const since = 1_000_000;
  const told = (before: Partial<InstanceRecord> | undefined, after: Partial<InstanceRecord>) =>
    changesOf(
      {
        before: before === undefined ? undefined : { ...idle, ...before },
        after: { ...idle, ...after },
        since,
        now: since + 2000,
      },
      bench.defaults,
    ).map(({ event, runId, at }) => `${event}${runId === undefined ? "" : ` ${runId}`} +${at - since}`);
  const owned = { ...ownedBy("7"), assignment: 2 };

  test("a claim, its registration and its start are three events, each at its own moment", () => {
    const signal = signalOf("registered", 2, since + 900);
    const claimed = { ...owned, state: "claimed", threshold: since + 500 + limits.provisionMs } as const;
    expect(told({}, claimed)).toEqual(["claimed 7 +500"]);
    const running = { ...owned, state: "running", signal, threshold: since + 1500 + limits.maxRuntimeMs } as const;
    expect(told(claimed, running)).toEqual(["registered 7 +900", "started 7 +1500"]);
    expect(told(running, { ...running, heartbeatAt: since })).toEqual([]);
  });

  test("an instance that changed hands was in the pool between", () => {
    const before = { ...ownedBy("6"), state: "running" } as const;
    const after = { ...owned, state: "claimed", threshold: since + 1000 + limits.provisionMs } as const;
    expect(told(before, after)).toEqual(["pooled 6 +0", "claimed 7 +1000"]);
  });

  test("asked to leave, back in the pool, condemned, ended", () => {
    const running = { ...owned, state: "running" } as const;
    expect(told(running, { ...running, wanted: "leave" })).toEqual(["asked-to-leave 7 +2000"]);
    const pooled = { threshold: since + 700 + limits.idleMs, assignment: 2 };
    expect(told(running, pooled)).toEqual(["pooled 7 +700"]);
    const condemned = { state: "terminating", threshold: since + 300 + limits.terminateMs } as const;
    expect(told({}, { ...condemned, retiredAt: since + 200 })).toEqual(["retired +200", "condemned +300"]);
    const ended = { state: "terminated", threshold: since + 800 + limits.terminatedKeptMs } as const;
    expect(told(condemned, ended)).toEqual(["ended +800"]);
  });

  test("no moment lies before the look before, or after this one", () => {
    const extended = { ...owned, state: "running", threshold: since + 10 * limits.maxRuntimeMs } as const;
    expect(told({ ...owned, state: "claimed" }, extended)).toEqual(["started 7 +2000"]);
    expect(told({}, { signal: signalOf("prepared", 1, since - 5000) })).toEqual(["prepared +0"]);
  });
});

test("without --follow it tells what the table still tells of the last hour, and of longer when asked", async () => {
  const { code, out, err } = await bench.run(["events"]);
  expect([code, err]).toEqual([0, ""]);
  // Today's without the date.
  const lines = out.split("\n").map((line) => line.replace(/^(\d\d-\d\d )?\d\d:\d\d:\d\d {2}/, ""));
  expect(lines).toEqual([
    `${id}  created          c6i.large spot`,
    "i-0ddddddddddddddd1  registered       run 1001/2",
    "i-0ddddddddddddddd1  condemned        run 1001/2  past its threshold as running",
    `${id}  pooled`,
    "",
  ]);
  expect(out).toMatch(/^\d\d:\d\d:\d\d {2}i-.* {2}pooled$/m);
  const longer = await bench.run(["events", "--since", "2h", "--instance", "i-0ddddddddddddddd1", "--json"]);
  const events = longer.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { at: string; event: string });
  expect(events.map(({ event }) => event)).toEqual(["created", "registered", "condemned"]);
  expect(events[2]?.at).toBe(new Date(bench.clock.now() - 3 * minute).toISOString());
});

test("where nothing happened that is said on stderr, and what is no instance id is refused", async () => {
  const none = await bench.run(["events", "--run-id", "77"]);
  expect([none.code, none.out, none.err]).toEqual([0, "", "No events in the last 1 h: see --since\n"]);
  const { code, err } = await bench.run(["events", "--instance", "dev-i-0ddddddddddddddd1-1"]);
  expect(code).toBe(2);
  expect(err).toMatch(
    /^runpool: --instance is "dev-i-0.*"; it is an EC2 instance id.*\nSee runpool events --help\.\n$/,
  );
});

test("--follow tells what happens, as JSON lines, and ends in order with Ctrl-C", async () => {
  const { child, ended, says } = bench.start(["events", "--follow", "--json", "--run-id", "42"]);
  await says(/Following dev/);
  await bench.record({ instanceId: id, ...ownedBy("42"), assignment: 2, state: "claimed" });
  await says(/"event":"claimed","runId":"42"/);
  child.kill("SIGINT");
  const { code, out } = await ended;
  expect(code).toBe(0);
  expect(out.split("\n")).toHaveLength(2);
});

test("an age is a number with its unit", async () => {
  expect(["45s", "30m", "2h", "1d", "h", "5", "-1m"].map((text) => parseDuration(text))).toEqual([
    45_000,
    30 * minute,
    120 * minute,
    1440 * minute,
    undefined,
    undefined,
    undefined,
  ]);
  const { code, err } = await bench.run(["events", "--since", "yesterday"]);
  expect([code, err]).toEqual([
    2,
    expect.stringContaining('--since is "yesterday"; it is a duration with its unit, e.g. 30m'),
  ]);
});
