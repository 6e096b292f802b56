// Each condition taken away alone: a shortest trace shows what it is there for; where none does, the reason stands beside it.
import { describe, expect, test } from "vitest";
import { mutations } from "./mutations.ts";
import { search } from "./search.ts";
import { small, type SmallWorld } from "./worlds.ts";

const full = process.env["RUNPOOL_MODEL"] === "full";
const timeout = full ? 3_600_000 : 120_000;

/** By condition: the smallest world that misses it, and the promise that is then broken. */
const shown: Readonly<Record<string, readonly [SmallWorld, RegExp]>> = {
  "park-prepared: state": ["stray", /does not come back/],
  "park-prepared: not past its threshold": ["floor cut", /agent has ended/],
  "park-prepared: not retired": ["floor ahead", /agent has ended/],
  "park-left: not past its threshold": ["parked cut", /agent has ended/],
  "park-left: not retired": ["parked ahead", /agent has ended/],
  "park-left: deregistered now": ["parked stray", /one owner/],
  "claim: state": ["claimed", /does not come back/],
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
  "ask-to-leave: own": ["lost", /one owner/],
  "release: own": ["unswept", /one owner/],
  "release: not past its threshold": ["released cut", /agent has ended/],
  "release: not retired": ["released ahead", /agent has ended/],
  "release: deregistered now": ["released stray", /one owner/],
  "condemn-expired: past its threshold": ["stray", /no started job/],
  "condemn-retired: state": ["stray", /terminated never changes/],
  "condemn-retired: retired": ["stray", /no started job/],
  "condemn-gone: state": ["created died", /terminated never changes/],
  "condemn-evicted: state": ["stray", /terminated never changes/],
  "condemn-silent: state": ["stray", /terminated never changes/],
  "condemn-unregistered: own": ["cancelled stray", /one owner/],
  "condemn-unregistered: not begun to register": ["stray", /no started job/],
  "condemn-deleted: own": ["unswept", /one owner/],
  "condemn-not-found: own": ["unswept", /one owner/],
  "confirm: state": ["lost", /terminated never changes/],
  "retiring on the version judged by": ["old", /no started job/],
  "a signal on the one judged by": ["outlived", /no started job/],
  "refresh lists GitHub's runners before it reads the records": ["claimed", /loses its runner/],
  "refresh looks again before it takes absence for a proof": ["released silence", /no started job/],
  "GitHub's word proves nothing of what was registering": ["released", /no started job/],
};

const byOwner = "only what is created, claimed or running has an owner, and the need of an own one is still there";
const answered = "`deregistered` of this assignment is only ever an answer to `leave`, and is needed as well";
const asked =
  "whoever asks GitHub for its word has asked the instance to leave before, and within an assignment that is never taken back";
const free = "it is idle, and the state is still asked for: a machine is lost too early, no job and no run";
/** By condition: why no world here misses it. */
const hidden: Readonly<Record<string, string>> = {
  "park-prepared: unowned": "nothing has been registered on it: its provision loses it, and takes another",
  "park-prepared: prepared":
    "one that idles before it is up is claimed only with a fresh heartbeat, and prepares before it registers",
  "park-left: state": byOwner,
  "park-left: own claim": "what is created keeps its one owner until it idles: nobody else ever reads it as his",
  "park-left: asked to leave": answered,
  "claim: unowned": "what idles has no owner",
  "claim: heartbeat fresh": "it saves a run the wait for a dead machine; safety does not hang on it",
  "start: state": byOwner,
  "extend-running: state": byOwner,
  "ask-to-leave: state": byOwner,
  "release: state": byOwner,
  "release: asked to leave": answered,
  "condemn-expired: state":
    "the limits of terminating and terminated do not pass in this model; a condemned one stays condemned",
  "condemn-evicted: version as judged": free,
  "condemn-silent: heartbeat over a minute old": free,
  "condemn-silent: version as judged": free,
  "condemn-unregistered: state": "one that runs has registered, and that none has begun to is still asked for",
  "condemn-deleted: state": byOwner,
  "condemn-deleted: asked to leave": asked,
  "condemn-not-found: state": byOwner,
  "condemn-not-found: asked to leave": asked,
  "condemn-not-found: not registering now":
    "GitHub's word is only taken of what was not registering when it was read before (`forgeProves`)",
  "signals only move forward":
    "a signal lands only on the one that it was decided upon, and no agent decides to go back; it guards one that would",
  "registering on the version judged by":
    "the agent decides again on the record in the reply before it registers; it guards one that would not",
  "release asks before it deletes at GitHub":
    "GitHub's word is only taken after `leave` has been read (`forgeProves`); the order spares an agent's repair",
};

test("every condition is either shown or explained", () => {
  expect([...Object.keys(shown), ...Object.keys(hidden)].toSorted()).toEqual([...mutations.keys()].toSorted());
});

describe("without this condition there is a trace that breaks a promise", () => {
  test.each(Object.entries(shown))("%s", { timeout }, (name, [world, promise]) => {
    const rules = mutations.get(name);
    if (rules === undefined) throw new Error(`no mutation ${name}`);
    const { broken, states } = search(small[world], rules, { maxStates: 200_000 });
    expect(broken?.promise ?? `none in ${states} states`).toMatch(promise);
    expect(broken?.trace.length).toBeGreaterThan(1);
    expect(broken?.trace.join("\n")).not.toContain("?");
  });
});

/** A trace that appears moves its condition to `shown`. */
describe("without this condition no world here breaks a promise", () => {
  test.for(Object.entries(hidden))("%s: %s", { timeout }, ([name], { skip }) => {
    skip(!full, "slow, since nothing is found: RUNPOOL_MODEL=full searches");
    const rules = mutations.get(name);
    if (rules === undefined) throw new Error(`no mutation ${name}`);
    for (const spec of Object.values(small)) {
      const { broken } = search(spec, rules, { maxStates: 60_000 });
      expect(broken?.trace ?? []).toEqual([]);
    }
  });
});

test("a trace is printed in words, the shortest first", () => {
  const rules = mutations.get("claim: not retired");
  const found = rules === undefined ? undefined : search(small.ahead, rules, { maxStates: 10_000 });
  expect(found?.broken?.trace).toMatchInlineSnapshot(`
    [
      "1. time passes the threshold by its agent's clock, which is ahead [instance 2]",
      "2. the agent writes: retires [instance 2]",
      "3. the agent powers the machine off (retired) [instance 2]",
      "4. provision 1 makes: claim [instance 2]",
    ]
  `);
});
