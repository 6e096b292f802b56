// The keep-alive and the heartbeat say that the main loop turns: where it stands still, both stop, however much time passes.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { ownInstance } from "../../cloud/aws/own-instance.ts";
import { hostLimits } from "../../agent/machine/host-limits.ts";
import { systemdSupervisor } from "../../agent/hosts/systemd/supervisor.ts";
import { limits } from "../../domain/limits.ts";
import { recordOf } from "../control/record-of.ts";
import { manualClock, type ManualClock } from "../sim/manual-clock.ts";
import { agentBench } from "./agent-bench.ts";

/** Whatever happens by itself would have happened many times. */
const long = 100 * limits.heartbeatMs;
const never = <Value>(): Promise<Value> => new Promise(() => undefined);
const idle = recordOf({ said: "prepared", threshold: Number.MAX_SAFE_INTEGER });

/** Timers of Node.js's own are caught too: a keep-alive may hang on neither clock. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "setTimeout"] }));
const passes = async (clock: ManualClock): Promise<void> => {
  await clock.advance(long);
  await vi.advanceTimersByTimeAsync(long);
};
const folder = mkdtempSync(join(tmpdir(), "main-loop-"));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a loop that turns reports with every turn", async () => {
  const bench = agentBench({ record: idle });
  void bench.run();
  await bench.until(() => bench.reports.length > 1);
  const before = bench.reports.length;
  await passes(bench.clock);
  expect(bench.reports.length - before).toBeGreaterThanOrEqual(long / limits.agentTurnMs - 1);
});

test("a loop whose look at its record never ends reports no more", async () => {
  let asked = 0;
  const watch = () => (asked++ < 3 ? Promise.resolve({ kind: "record" as const, record: idle }) : never<never>());
  const bench = agentBench({ record: idle, own: () => ({ watch }) });
  void bench.run();
  await bench.until(() => asked > 3);
  const before = bench.reports.length;
  expect(before).toBeGreaterThan(0);
  await passes(bench.clock);
  expect(bench.reports).toHaveLength(before);
});

/** The agent on the real adapter, over a table that holds the record and counts; its machine can be made to answer no more. */
function onTable() {
  const seen = { looks: 0, beats: 0, stuck: false, asked: 0 };
  const item = toItem(idle);
  const send = (command: object) => {
    seen[command instanceof GetItemCommand ? "looks" : "beats"]++;
    return Promise.resolve({ Item: item, Attributes: item });
  };
  const client = { send } as unknown as DynamoDBClient;
  const bench = agentBench({
    record: idle,
    own: (clock) => ownInstance({ client, table: "runpool", key: idle.key, clock }),
    host: {
      diskFree: () => {
        if (seen.stuck) seen.asked++;
        return seen.stuck ? never() : Promise.resolve(1);
      },
    },
  });
  return { bench, seen };
}

test("the heartbeat continues while the loop turns, and ends with it", async () => {
  const { bench, seen } = onTable();
  void bench.run();
  await bench.until(() => seen.beats > 2);
  const { beats } = seen;
  await passes(bench.clock);
  expect(seen.beats - beats).toBeGreaterThanOrEqual(long / limits.heartbeatMs / 2);
  seen.stuck = true;
  await bench.until(() => seen.asked > 0);
  const last = { ...seen };
  await passes(bench.clock);
  expect(seen).toEqual(last);
});

test("systemd is told of a turn, and of nothing between turns", async () => {
  const told = join(folder, "told");
  writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\necho "$*" >>${told}\n`);
  chmodSync(join(folder, "systemd-notify"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  const clock = manualClock();
  const alive = () =>
    readFileSync(told, "utf8")
      .split("\n")
      .filter((line) => line === "WATCHDOG=1").length;
  const supervisor = systemdSupervisor(clock, {
    event: (name, facts) => expect.fail(`${name} ${JSON.stringify(facts)}`),
  });
  await supervisor.turned("idle");
  expect([alive(), clock.sleepers()]).toEqual([1, 0]);
  await passes(clock);
  expect([alive(), vi.getTimerCount()]).toEqual([1, 0]);
  await supervisor.turned("idle");
  await clock.advance(hostLimits.keepAliveMs - 1);
  await supervisor.turned("idle");
  expect(alive()).toBe(2);
});
