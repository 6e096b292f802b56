// `runpool status`, `instances` and `config` on an environment whose clock stands still.
import { recordSchema } from "../../domain/record.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { overlayItem, pauseItem } from "../../cloud/aws/configuration-items.ts";
import { messageOf } from "../../domain/pool-message.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import type { Snapshot } from "../../entry/cli/snapshot.ts";
import { statusLines } from "../../entry/cli/status.ts";
import type { Sink } from "../../entry/words/terminal.ts";
import { openCliBench, ownedBy, type CliBench } from "./bench.ts";

let bench: CliBench;
const damagedKey = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0d";

beforeAll(async () => {
  bench = await openCliBench();
  const now = bench.clock.now();
  const minutes = (count: number): number => now + count * 60_000 + 30_000;
  const run = { ...ownedBy("1001"), state: "running", threshold: minutes(22) } as const;
  await bench.record({ instanceId: "i-0aaaaaaaaaaaaaaa1", ...run, busy: true, signal: signalOf("registered", 1, now) });
  await bench.record({
    instanceId: "i-0aaaaaaaaaaaaaaa2",
    ...run,
    wanted: "leave",
    heartbeatAt: minutes(-4),
    busy: true,
  });
  await bench.record({
    instanceId: "i-0bbbbbbbbbbbbbbb1",
    ...ownedBy("1002", 2, "build"),
    state: "created",
    threshold: minutes(-3),
    instanceType: "m7i-flex.large",
    zone: "eu-west-1b",
    launchedAt: minutes(-13),
  });
  const idle = await bench.record({ instanceId: "i-0ccccccccccccccc1" });
  await bench.record({ instanceId: "i-0ccccccccccccccc2", resourceClass: "xlarge", instanceType: "c6i.xlarge" });
  const ends = { state: "terminating", threshold: minutes(8), reason: { code: "expired", state: "claimed" } } as const;
  await bench.record({ instanceId: "i-0ddddddddddddddd1", ...ends });
  await bench.record({ instanceId: "i-0eeeeeeeeeeeeeee1", state: "terminated", lastOwner: "github:run:1001:2:ci" });
  await bench.put(toItem({ key: damagedKey, schema: recordSchema, instanceId: "i-0d" }));
  await bench.put(pauseItem({ reason: "image is being replaced", at: minutes(-5) }));
  await bench.put(overlayItem({ idleMs: 300_000, preRunnerScript: "#!/bin/sh\necho ready\n" }));
  await bench.send(messageOf(idle));
});
afterAll(() => bench.close());

/** Seconds pass while the process starts. */
const withoutSeconds = (text: string): string => text.replaceAll(/ \ds$/gm, " Ns");

test("status shows every instance that lives, sorted, the pools, the pause, and what is damaged; piped without colour", async () => {
  const { code, out, err } = await bench.run(["status"]);
  expect([code, err]).toEqual([0, ""]);
  expect(withoutSeconds(out)).toBe(`dev in eu-west-1: 6 instances
paused for 4m: image is being replaced (runpool resume ends it)

INSTANCE             STATE             RUN           TYPE            ZONE  AGE  LEFT  BEAT
i-0aaaaaaaaaaaaaaa1  running, busy     1001          c6i.large       a     12m   22m    Ns
i-0aaaaaaaaaaaaaaa2  running, leaving  1001          c6i.large       a     12m   22m    3m
i-0bbbbbbbbbbbbbbb1  created           1002/2 build  m7i-flex.large  b     12m   -2m    Ns
i-0ccccccccccccccc1  idle              -             c6i.large       a     12m    7m    Ns
i-0ccccccccccccccc2  idle              -             c6i.xlarge      a     12m    7m    Ns
i-0ddddddddddddddd1  terminating       -             c6i.large       a     12m    8m     -

CLASS   IDLE  CREATED  CLAIMED  RUNNING  TERMINATING  QUEUED
large      1        1        0        2            1       1
xlarge     1        0        0        0            0       0

1 damaged item, ignored by every decision:
- ${damagedKey}: partition is missing, not a string
`);
});

test("status --json is one object with the moments themselves", async () => {
  const { code, out } = await bench.run(["status", "--json"]);
  const snapshot = JSON.parse(out) as { instances: Record<string, unknown>[] } & Record<string, unknown>;
  expect(code).toBe(0);
  expect(Object.keys(snapshot)).toEqual(["environment", "region", "at", "paused", "instances", "pools", "damaged"]);
  expect(snapshot.instances).toHaveLength(6);
  expect(snapshot.instances[0]).toMatchObject({
    instanceId: "i-0aaaaaaaaaaaaaaa1",
    state: "running",
    runId: "1001",
    leaving: false,
    signal: "registered",
    threshold: bench.clock.now() + 22.5 * 60_000,
  });
  expect(snapshot.instances[1]).toMatchObject({ leaving: true, busy: true });
  expect(snapshot["damaged"]).toEqual([{ key: damagedKey, problem: "partition is missing, not a string" }]);
  expect(snapshot["paused"]).toMatchObject({ reason: "image is being replaced" });
});

test("on a terminal of 80 columns the least needed columns make room, and colour marks what is late", async () => {
  const snapshot = JSON.parse((await bench.run(["status", "--json"])).out) as Snapshot;
  const sink = (columns: number, colours: boolean): Sink => ({
    terminal: true,
    columns: () => columns,
    rows: () => 24,
    write: () => undefined,
    paint: (style, text) => (colours ? `<${String(style)}>${text}</>` : text),
  });
  const lines = statusLines(snapshot, sink(80, false));
  expect(lines.slice(3, 5)).toEqual([
    "INSTANCE             STATE             RUN           TYPE            LEFT  BEAT",
    expect.stringMatching(/^i-0aaaaaaaaaaaaaaa1 {2}running, busy {5}1001 {10}c6i.large {8}22m {4}\ds$/),
  ]);
  expect(lines.filter((line) => line.length > 80 && !line.startsWith("- "))).toEqual([]);
  const coloured = statusLines(snapshot, sink(200, true)).join("\n");
  expect(coloured).toContain("<red> -2m</>");
  expect(coloured).toContain("<red>  3m</>");
  expect(coloured).toContain("<green>running, busy   ");
});

test("status --watch goes on until SIGINT, and that is a good end", async () => {
  const { child, ended } = bench.start(["status", "--watch", "--json"]);
  child.stdout?.once("data", () => child.kill("SIGINT"));
  const { code, out } = await ended;
  expect(code).toBe(0);
  expect(JSON.parse(out.split("\n")[0] ?? "")).toMatchObject({ environment: "dev" });
});

test("instances are chosen by state, run and class; the ended ones only when asked for", async () => {
  const ids = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { code, out } = await bench.run(["instances", "--ids", ...args]);
    expect(code).toBe(0);
    return out.split("\n").filter((line) => line !== "");
  };
  expect(await ids("--run-id", "1001")).toEqual(["i-0aaaaaaaaaaaaaaa1", "i-0aaaaaaaaaaaaaaa2"]);
  expect(await ids("--state", "idle", "--resource-class", "xlarge")).toEqual(["i-0ccccccccccccccc2"]);
  expect(await ids("--state", "terminated")).toEqual(["i-0eeeeeeeeeeeeeee1"]);
  expect(await ids()).toHaveLength(6);
  expect(await ids("--all")).toHaveLength(7);
  // Whose it was is still asked for where it has ended.
  expect(await ids("--all", "--run-id", "1001")).toContain("i-0eeeeeeeeeeeeeee1");
});

test("instances names damaged items on stderr, so that a script reads on", async () => {
  const { code, out, err } = await bench.run(["instances", "--run-id", "9"]);
  expect([code, out]).toEqual([0, "no matching instances\n"]);
  expect(err).toBe(`damaged item: ${damagedKey}: partition is missing, not a string\n`);
});

test("config says of every value where it comes from", async () => {
  const { code, out } = await bench.run(["config"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^idleMs +overlay +300000 \(5 min\)$/m);
  expect(out).toMatch(/^preRunnerScript +overlay +#!\/bin\/sh … \(3 lines\)$/m);
  expect(out).toMatch(/^maxRuntimeMs +defaults +1800000 \(30 min\)$/m);
  expect(out).toMatch(/^resourceClasses\.large\.mmem +defaults +4096$/m);
  expect(out).toMatch(/^subnets +stack +subnet-\w+ eu-west-1a, subnet-\w+ eu-west-1b$/m);
  expect(out).toMatch(/^environment +stack +dev$/m);
  const { values } = JSON.parse((await bench.run(["config", "--json"])).out) as { values: Record<string, unknown> };
  expect(values["idleMs"]).toEqual({ value: 300_000, source: "overlay" });
  expect(values["maxUses"]).toEqual({ value: 0, source: "defaults" });
});
