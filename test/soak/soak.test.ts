// A short soak, its plan, and what watches it: real processes that die, and nothing left. The long one is `npm run soak`.
import { describe, expect, test } from "vitest";
import { signalOf } from "../../domain/agent-writes.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { recordOf } from "../control/record-of.ts";
import { planOf, type Kind } from "./plan.ts";
import { soak, tooFew } from "./play.ts";
import { reportLines } from "./report.ts";
import { offence } from "./safety.ts";

const kinds: readonly Kind[] = ["provision", "release", "refresh", "agent"];
const serials = Array.from({ length: 40 }, (_, i) => i + 1);
const whole = (seed: string): unknown => {
  const plan = planOf(seed);
  return [kinds.map((kind) => serials.map((n) => plan.kill(kind, n))), serials.map((n) => plan.workflow(n))];
};

/** Its plan kills the first of each kind, early. */
const seed = "ci-3285";

test("the same seed plans the same workflows and the same kills, another seed others", () => {
  expect(whole("7")).toEqual(whole("7"));
  expect(whole("8")).not.toEqual(whole("7"));
});

test("a plan kills some of each kind, and lets some live", () => {
  for (const kind of kinds) {
    const killed = serials.filter((n) => planOf(seed).kill(kind, n) !== undefined).length;
    expect([kind, killed > 5 && killed < 35]).toEqual([kind, true]);
  }
});

test("a soak of fewer processes than required has a problem", () => {
  expect(tooFew(29, 30)).toEqual(["at most 29 processes lived at once, not 30"]);
  expect(tooFew(30, 30)).toEqual([]);
});

test("provision, release, refresh and agents are killed in the midst of their calls: nothing is left, and no promise is broken", async () => {
  const told: string[] = [];
  const report = await soak({
    seed,
    chaosMs: 10_000,
    lanes: 2,
    maxInstances: 40,
    leastProcesses: 4,
    abandons: false,
    tell: (line) => told.push(line),
  });
  const words = [...told, ...reportLines(report)].join("\n");
  expect(report.problems, words).toEqual([]);
  for (const kind of kinds) expect(report.killed[kind], `${kind}\n${words}`).toBeGreaterThan(0);
  expect(report.tally.ready, words).toBeGreaterThan(0);
  expect(report.tally.jobs, words).toBeGreaterThan(0);
  expect(report.settledMs, words).toBeLessThan(report.settleLimitMs);
});

describe("the watch of every write sees", () => {
  const idle = recordOf({ state: "idle", assignment: 1, version: 5 });
  const owned = (owner: string, part: Partial<InstanceRecord> = {}): InstanceRecord =>
    recordOf({ state: "claimed", assignment: 2, version: 6, owner, claimId: `of ${owner}`, ...part });
  const registered = signalOf("registered", 2, 0);
  const deregistered = signalOf("deregistered", 2, 0);
  test.each<[string, InstanceRecord | undefined, InstanceRecord, string | undefined]>([
    ["a claim", idle, owned("a"), undefined],
    ["an owner without a new assignment", idle, owned("a", { assignment: 1 }), "an assignment grows"],
    ["one owner after another", owned("a"), owned("b", { version: 7 }), "one owner at a time"],
    [
      "a start before it has registered",
      owned("a"),
      owned("a", { state: "running" }),
      "running only what has registered",
    ],
    ["a start", owned("a", { signal: registered }), owned("a", { state: "running", signal: registered }), undefined],
    [
      "a start by the word of another assignment",
      owned("a", { signal: signalOf("registered", 1, 0) }),
      owned("a", { state: "running" }),
      "running only what has registered",
    ],
    [
      "idle too early",
      owned("a", { signal: registered }),
      recordOf({ ...idle, assignment: 2, version: 7 }),
      "idle only",
    ],
    ["idle", owned("a", { signal: deregistered }), recordOf({ ...idle, assignment: 2, version: 7 }), undefined],
    [
      "life after the end",
      recordOf({ state: "terminated", version: 5 }),
      recordOf({ state: "idle", version: 6 }),
      "terminated stays",
    ],
    [
      "a pardon",
      recordOf({ state: "terminating", version: 5 }),
      recordOf({ state: "idle", version: 6 }),
      "a condemned one",
    ],
    ["an old version", recordOf({ version: 5 }), recordOf({ version: 4 }), "a version never falls"],
  ])("%s", (_, before, after, why) => {
    expect(offence(before, after)).toEqual(why === undefined ? undefined : expect.stringContaining(why));
  });
});
