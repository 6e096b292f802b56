// Each condition taken away: a shortest trace shows what it is there for. Where another makes up for it, both are; where nothing does, the reason is here.
import { describe, expect, test } from "vitest";
import { inWords } from "./extent.ts";
import type { Rules } from "./model.ts";
import { guards, mutations } from "./mutations.ts";
import { search } from "./search.ts";
import { asBuilt, extents, small, type SmallWorld } from "./worlds.ts";

/** A search is bounded by its states. */
const timeout = 0;

/** By condition: the smallest world that misses it, and the promise that is then broken. */
const shown: Readonly<Record<string, readonly [SmallWorld, RegExp]>> = {
  "park-prepared: prepared": ["floor stray", /what idles is up/],
  "park-prepared: not past its threshold": ["floor cut", /agent has ended/],
  "park-prepared: not retired": ["floor ahead", /agent has ended/],
  "park-left: not past its threshold": ["parked cut", /agent has ended/],
  "park-left: not retired": ["parked ahead", /agent has ended/],
  "park-left: deregistered now": ["parked stray", /what idles is up/],
  "claim: heartbeat fresh": ["died", /long dead/],
  "claim: not past its threshold": ["kept", /agent has ended/],
  "claim: not retired": ["ahead", /agent has ended/],
  "start: own claim": ["unswept", /one owner/],
  "start: not past its threshold": ["cut", /agent has ended/],
  "start: not retired": ["ahead", /agent has ended/],
  "start: wanted to serve": ["stale", /told ready of what is leaving/],
  "start: registered now": ["stray", /signal counts only for its assignment/],
  "extend-idle: state": ["floor stray", /terminated never changes/],
  "extend-idle: not past its threshold": ["kept", /agent has ended/],
  "extend-idle: not retired": ["floor ahead", /agent has ended/],
  "extend-running: own claim": ["unswept stray", /one owner/],
  "extend-running: not past its threshold": ["cut stray", /agent has ended/],
  "extend-running: not retired": ["stray ahead", /agent has ended/],
  "ask-to-leave: own": ["unswept", /one owner/],
  "release: own": ["unswept", /one owner/],
  "release: not past its threshold": ["released cut", /agent has ended/],
  "release: not retired": ["released ahead", /agent has ended/],
  "release: deregistered now": ["released stray", /one owner/],
  "condemn-expired: state": ["aged", /terminated never changes/],
  "condemn-expired: past its threshold": ["stray", /no started job/],
  "condemn-retired: retired": ["stray", /no started job/],
  "condemn-gone: state": ["created died", /terminated never changes/],
  "condemn-evicted: state": ["stray", /terminated never changes/],
  "condemn-evicted: assignment as judged": ["stale", /only for what was judged/],
  "condemn-silent: state": ["stray", /terminated never changes/],
  "condemn-silent: heartbeat over a minute old": ["stray", /ended for silence/],
  "condemn-silent: assignment as judged": ["released silent stray", /only for what was judged/],
  "condemn-unregistered: own": ["unswept stray", /one owner/],
  "condemn-unregistered: not begun to register": ["stray", /no started job/],
  "condemn-deleted: own": ["unswept", /one owner/],
  "condemn-not-found: own": ["unswept", /one owner/],
  "condemn-left: own": ["unswept stray", /one owner/],
  "condemn-left: deregistered now": ["released stray", /no started job/],
  "confirm: state": ["lost", /terminated never changes/],
  "retiring on the version judged by": ["old", /no started job/],
  "a signal on the one judged by": ["outlived", /no started job/],
  "release asks before it deletes at GitHub": ["released", /loses its runner/],
  "refresh lists GitHub's runners before it reads the records": ["claimed", /loses its runner/],
  "refresh looks again before it takes absence for a proof": ["released silence", /no started job/],
  "GitHub's word proves nothing of what was registering": ["released", /no started job/],
  "the end of what is past its threshold asks nothing of its agent": ["hostile", /every instance ends/],
};

const byOwner = "what is condemned loses its owner";
const byReports = "what is condemned loses what its agent said";
const byBoth = "what is condemned loses its owner, and what its agent said";
/** By condition that another makes up for: which other, the world in which that one alone is not missed, and the promise that is broken without both. */
const doubled: Readonly<Record<string, readonly [string, SmallWorld, RegExp]>> = {
  "park-prepared: unowned": ["park-prepared: prepared", "created stray", /one owner/],
  "park-prepared: state": [byReports, "stray", /does not come back/],
  "claim: state": [byReports, "claimed", /does not come back/],
  "condemn-retired: state": [byReports, "stray", /terminated never changes/],
  "park-left: state": [byBoth, "parked stray", /does not come back/],
  "park-left: own claim": [
    "park-left: state; what is condemned loses what its agent said",
    "unswept stray",
    /one owner/,
  ],
  "claim: unowned": ["what idles loses its owner", "contended", /one owner: taken from another/],
  "start: state": [byBoth, "stray", /does not come back/],
  "extend-running: state": [byOwner, "stray", /terminated never changes/],
  "ask-to-leave: state": [byOwner, "contended", /terminated never changes/],
  "release: state": [byBoth, "released", /does not come back/],
  "condemn-unregistered: state": [byOwner, "stray", /terminated never changes/],
  "condemn-deleted: state": [byOwner, "released", /terminated never changes/],
  "condemn-not-found: state": [byOwner, "released", /terminated never changes/],
  "condemn-left: state": [byBoth, "released stray", /terminated never changes/],
  /** A runner that was deleted takes no job, but an agent that was killed before its root knew of it registers once more. */
  "condemn-deleted: asked to leave": [
    "release asks to leave, and judges by what it then reads",
    "released restart",
    /no started job/,
  ],
  "condemn-not-found: asked to leave": [
    "release asks to leave, and judges by what it then reads",
    "released",
    /no started job/,
  ],
  "signals only move forward": ["a signal on the one judged by", "floor late", /no started job/],
  "registering on the version judged by": ["the agent decides again on the reply", "released", /no started job/],
};

const nothing = "`deregistered` of this assignment: nothing is registered, and in this assignment nothing will be";
/** By condition: why no world misses it while what is named here stands. */
const hidden: Readonly<Record<string, string>> = {
  "park-left: asked to leave": nothing,
  "release: asked to leave": nothing,
  "condemn-left: asked to leave": nothing,
  "condemn-not-found: not registering now":
    "GitHub's word is only taken of what was not registering when it was read before (`forgeProves`), and had been asked to leave by then",
};

test("every condition is either shown or explained", () => {
  expect([...Object.keys(shown), ...Object.keys(doubled), ...Object.keys(hidden)].toSorted()).toEqual(
    [...mutations.keys()].toSorted(),
  );
});

/** The rules as built without all of these. */
const without = (...names: readonly string[]): Rules =>
  names.reduce((rules, name) => {
    const mutation = mutations.get(name) ?? guards.get(name);
    if (mutation === undefined) throw new Error(`no mutation ${name}`);
    return mutation(rules);
  }, asBuilt);

const breaks = async (world: SmallWorld, rules: Rules, promise: RegExp): Promise<void> => {
  const { broken, states } = await search(small[world], rules, { maxStates: 800_000 });
  expect(broken?.promise ?? `none in ${states} states`).toMatch(promise);
  expect(broken?.trace.length).toBeGreaterThan(1);
  expect(broken?.trace.join("\n")).not.toContain("?");
};

describe("without this condition there is a trace that breaks a promise", () => {
  test.each(Object.entries(shown))("%s", { timeout }, (name, [world, promise]) =>
    breaks(world, without(name), promise),
  );
});

describe("without this condition, and without the other that makes up for it, there is a trace; without the other alone there is none", () => {
  test.each(Object.entries(doubled))("%s", { timeout }, async (name, [other, world, promise]) => {
    await breaks(world, without(name, other), promise);
  });

  const alone = new Map(Object.values(doubled).map(([other, world]) => [`${other}: ${world}`, { other, world }]));
  test.each([...alone])("nothing is missed without %s", { timeout }, async (_, { other, world }) => {
    const found = await search(small[world], without(other), { maxStates: extents.alone });
    expect(inWords(found)).toBe("no promise is broken");
  });
});

/** A trace that appears moves its condition to `shown`. */
describe("without this condition no world here breaks a promise", () => {
  test.each(Object.entries(hidden))("%s: %s", { timeout }, async (name) => {
    for (const spec of Object.values(small)) {
      const { broken } = await search(spec, without(name), { maxStates: extents.hidden });
      expect(broken?.trace ?? []).toEqual([]);
    }
  });
});

test("a trace is printed in words, the shortest first", async () => {
  const found = await search(small.ahead, without("claim: not retired"), { maxStates: 10_000 });
  expect(found.broken?.trace).toMatchInlineSnapshot(`
    [
      "1. time passes the threshold by its agent's clock, which is ahead [instance 1]",
      "2. the agent writes: retires [instance 1]",
      "3. the agent powers the machine off (retired) [instance 1]",
      "4. provision 1 finds it in the pool, and makes: claim [instance 1]",
    ]
  `);
});
