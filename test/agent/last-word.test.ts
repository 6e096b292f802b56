// How long a machine lives on its last word: by when it was started, whatever its clock; and by what an agent before this one knew.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastMoment, next, type View } from "../../agent/decide.ts";
import type { OwnReading } from "../../cloud/ports/own-instance.ts";
import { processHost } from "../../agent/hosts/process/process-host.ts";
import { limits } from "../../domain/limits.ts";
import { steadyClock } from "../../entry/host-clock.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { manualClock, type ManualClock } from "../sim/manual-clock.ts";
import { agentBench } from "./agent-bench.ts";
import { unitHostOn } from "./on-systemd.ts";
import { viewOf } from "./view-of.ts";

const minute = 60_000;
const hour = 60 * minute;
const out = { kind: "unreachable", problem: "out of reach" } as const;
const none = { kind: "none" } as const;

/** Runs an agent that never sees a record; how long it took to end, and what it armed. */
async function endsAfter(wish: { sight?: OwnReading; left?: number; stepMs?: number }) {
  const armed: number[] = [];
  let step = 0;
  let clock: ManualClock | undefined;
  const bench = agentBench({
    record: recordOf({}),
    own: (given) => {
      clock = given;
      return {
        // AWS's first reply says that the host's clock is wrong.
        watch: async (_seen, until, _signs, wake) => {
          step = wish.stepMs ?? 0;
          await given.sleep(Math.max(0, until - given.now()), wake);
          return wish.sight ?? none;
        },
      };
    },
    host: {
      left: () => Promise.resolve(wish.left),
      deadline: (at) => Promise.resolve(void armed.push(at)),
    },
  });
  const real = bench.clock.now.bind(bench.clock);
  Object.assign(bench.clock, { now: () => real() + step });
  const begun = real();
  let end: { reason: string; ms: number } | undefined;
  void bench
    .run({ bootMs: minute, startedAt: () => begun + step })
    .then((reason) => (end = { reason, ms: (clock ?? bench.clock).now() - step - begun }));
  await bench.until(() => end !== undefined);
  return { ...end, armed: armed.map((at) => at - step - begun) };
}
const soonAfter = (ms: number) => [ms, ms + 2 * limits.agentTurnMs] as const;
const within = (found: number | undefined, [from, to]: readonly [number, number]): void => {
  expect(found).toBeGreaterThanOrEqual(from);
  expect(found).toBeLessThanOrEqual(to);
};

test.each([0, hour, -hour])("a machine without a record has its boot limit, its clock %i ms off", async (stepMs) => {
  const { reason, ms } = await endsAfter({ stepMs });
  expect(reason).toBe("no record");
  within(ms, soonAfter(minute));
});

test("an agent that is started again while the table is out of reach keeps to the deadline of the one before", async () => {
  const margin = limits.bootWatchdogMs - limits.bootMs;
  const { reason, ms, armed } = await endsAfter({ sight: out, left: 2 * minute + margin });
  expect(reason).toBe("the table is out of reach: out of reach");
  within(ms, soonAfter(2 * minute));
  // Neither nearer nor farther than it was.
  expect(new Set(armed)).toEqual(new Set([2 * minute + margin]));
  within((await endsAfter({ sight: out, left: margin + minute / 2 })).ms, soonAfter(minute / 2));
});

test("a machine that is not of the pool, and never had a record, is never ended", () => {
  const view = (changes: Partial<View>): View =>
    viewOf(recordOf({}), { sight: none, known: undefined, pooled: false, bootedAt: 0, ...changes });
  expect(lastMoment(view({}))).toBe(Number.POSITIVE_INFINITY);
  expect(next(view({})).kind).toBe("wait");
  expect(next(view({ pooled: true })).kind).toBe("power-off");
});

test("a job that the table is out of reach for has the runtime that its record says, longer or shorter than what was deployed", () => {
  const runner = { assignment: 1, configured: true, listener: "online", busy: true, jobs: 1 } as const;
  const last = (maxRuntimeMs: number): number => {
    const record = recordOf({ ...owned, state: "claimed", said: "registering", threshold: now + minute, maxRuntimeMs });
    return lastMoment(viewOf(record, { sight: out, runner })) - (record.signal?.at ?? 0);
  };
  expect(last(limits.maxRuntimeMs * 3)).toBe(limits.maxRuntimeMs * 3);
  expect(last(limits.maxRuntimeMs / 3)).toBe(limits.maxRuntimeMs / 3);
});

describe("the deadline on disk", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "last-word-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const on = (bootId: string, clock = manualClock()) => unitHostOn(folder, { bootId, clock });
  const file = (): string => readFileSync(join(folder, "deadline"), "utf8");

  test("is found again by the next agent of the boot, and not moved by its being started", async () => {
    const clock = manualClock();
    await on("boot-1", clock).deadline(clock.now() + hour);
    const before = file();
    for (let restart = 0; restart < 5; restart++) {
      const again = on("boot-1", clock);
      const left = (await again.left()) ?? 0;
      within(left, [hour - minute, hour + 1_000]);
      await again.deadline(clock.now() + left);
    }
    expect(file()).toBe(before);
    expect(await on("boot-2").left()).toBeUndefined();
  });

  test("follows a clock that is corrected", async () => {
    const clock = manualClock();
    const host = on("boot-1", clock);
    const threshold = clock.now() + 2 * hour;
    await host.deadline(threshold);
    await clock.advance(hour);
    await host.deadline(threshold);
    within(await on("boot-1", clock).left(), [hour - minute, hour + 1_000]);
  });

  test("that is not to be is one that no machine sees", async () => {
    await on("boot-1").deadline(Number.POSITIVE_INFINITY);
    expect(file()).toBe("boot-1 999999999999\n");
  });

  test.each(["", "boot-1", "boot-1 ", "boot-1 12x\n", "\0\0\0\0", "boot-1 -5\n"])(
    "that says %j says nothing, and is written anew",
    async (text) => {
      writeFileSync(join(folder, "deadline"), text);
      const host = on("boot-1");
      expect(await host.left()).toBeUndefined();
      await host.deadline(manualClock().now() + hour);
      expect(file()).toMatch(/^boot-1 \d+\n$/);
    },
  );

  test("is found on a laptop too", async () => {
    const clock = manualClock();
    const place = { bootId: "", path: "", stateDirectory: folder, workDirectory: folder };
    const options = { ...place, preRunnerScript: "", prepareLimitMs: 480_000, clock };
    const host = processHost({ ...options, powerOff: () => undefined, log: { event: () => undefined } });
    expect(await host.left()).toBeUndefined();
    await host.deadline(clock.now() + hour);
    expect(await host.left()).toBe(hour);
  });
});

test("the agent's clock does not follow a host's clock that is set", () => {
  const { now } = Date;
  const before = steadyClock.now();
  try {
    Date.now = () => now() + hour;
    within(steadyClock.now() - before, [0, minute]);
  } finally {
    Date.now = now;
  }
  within(Math.abs(steadyClock.now() - now()), [0, minute]);
});
