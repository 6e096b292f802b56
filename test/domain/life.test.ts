// `decide` against the design's words: every move, in every situation, by every right; and what each move changes.
import { beforeAll, describe, expect, test } from "vitest";
import { holds } from "../../domain/condition.ts";
import { changeOf, conditionOf, decide, life, type Decision, type Move } from "../../domain/instance.ts";
import { agentAttributes, decodeRecord, isDamaged } from "../../domain/record.ts";
import type { InstanceRecord, Ownership, SignalKind } from "../../domain/record.ts";
import { effects, madeAlready, may, origins, truthful } from "./life-in-words.ts";
import { columns, matrix, moves, type Matrix } from "./matrix.ts";
import {
  assignmentNow,
  caller,
  calls,
  machine,
  newThreshold,
  now,
  owners,
  readSignal,
  versionNow,
} from "./situations.ts";
import { recordOf, situations, type Call, type Sign, type Situation } from "./situations.ts";

const ownership = Object.keys(caller) as (keyof Ownership)[];

type Outcome = "made" | "already" | "refused";
const outcomeOf = (decision: Decision): Outcome => {
  if (decision.kind === "refused") return "refused";
  return decision.already ? "already" : "made";
};
const inWords = (situation: Situation, call: Call): Outcome => {
  if (may[call.move](situation, call.right)) return "made";
  return madeAlready[call.move](situation, call.right) ? "already" : "refused";
};

/** What one pass over all situations found; the tests below each look at one kind. */
interface Found {
  readonly situation: Situation;
  readonly call: Call;
  readonly decision: Decision;
  readonly before: InstanceRecord | undefined;
}
/** A million decisions: the enumeration ends by itself, and a busy machine may take its time over it. */
const unlimited = 0;

const wrongOutcomes: string[] = [];
const untrueRefusals: string[] = [];
const touched: string[] = [];
const made: Found[] = [];
let counted: Matrix;

const tell = (situation: Situation, call: Call): string =>
  `${call.move} by ${call.right}: ${JSON.stringify(situation)}`;

beforeAll(() => {
  counted = matrix((situation, before, call, decision) => {
    const expected = inWords(situation, call);
    const outcome = outcomeOf(decision);
    if (outcome !== expected) wrongOutcomes.push(`${tell(situation, call)} is ${outcome}, in words ${expected}`);
    if (outcome === "made") made.push({ situation, call, decision, before });
    else if (decision.record !== before) touched.push(tell(situation, call));
    if (decision.kind === "refused" && !tellsTruth(decision.why, situation, call))
      untrueRefusals.push(`${tell(situation, call)}: ${decision.why}`);
  });
}, unlimited);

function tellsTruth(why: keyof typeof truthful, situation: Situation, call: Call): boolean {
  if (why === "state" && situation.state !== "none") return !origins[call.move].includes(situation.state);
  return truthful[why](situation, call.right);
}

test("every move in every situation ends as the design's words say", () => {
  expect(wrongOutcomes.slice(0, 10)).toEqual([]);
  expect(counted.claim.idle.made).toBeGreaterThan(0);
});

test("every refusal names something that does not hold", () => {
  expect(untrueRefusals.slice(0, 10)).toEqual([]);
});

test("a move that is refused, or found made, hands back the record untouched", () => {
  expect(touched.slice(0, 10)).toEqual([]);
});

test("every move can be made from each state that the words name for it, and from no other", () => {
  for (const move of moves) {
    const from = columns.filter((state) => counted[move][state].made > 0);
    expect(from, move).toEqual(move === "create" ? ["none"] : origins[move].toSorted(byColumn));
  }
});
const byColumn = (a: (typeof columns)[number], b: (typeof columns)[number]) => columns.indexOf(a) - columns.indexOf(b);

test("no move but confirm leaves terminating, and none leaves terminated", () => {
  for (const move of moves) {
    expect(counted[move].terminated.made, move).toBe(0);
    if (move !== "confirm") expect(counted[move].terminating.made, move).toBe(0);
  }
});

/** Attributes whose values differ, absent ones included. */
function changed(before: object, after: object): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const [old, fresh] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...names].filter((name) => old[name] !== fresh[name]);
}

const eachMade = (look: (found: Found, after: InstanceRecord, before: Partial<InstanceRecord>) => void): void => {
  expect(made.length).toBeGreaterThan(1000);
  for (const found of made)
    if (found.decision.record !== undefined) look(found, found.decision.record, found.before ?? {});
};

const endsIt = ({ move }: Pick<Call, "move">): boolean =>
  effects[move].state === "terminating" || effects[move].state === "terminated";

describe("a move that is made", () => {
  test("ends in the state that the words name", () => {
    eachMade(({ call, situation }, after) => {
      const { state } = effects[call.move];
      if (after.state !== (state === "same" ? situation.state : state)) expect.fail(tell(situation, call));
    });
  });

  test("bumps the version by one, or sets that of what is ended, whatever its instance has written there", () => {
    eachMade(({ call, situation }, after, { version = 0 }) => {
      const expected = endsIt(call) ? Number.MAX_SAFE_INTEGER : version + 1;
      if (after.version !== expected) expect.fail(tell(situation, call));
    });
  });

  test("by which it ends takes out all that its instance may write, and adds to nothing: nothing that is there can refuse it", () => {
    for (const { move, params } of calls) {
      if (!endsIt({ move })) continue;
      const { add, remove, set } = changeOf(move, params as never);
      expect(add, move).toEqual({});
      expect(remove, move).toEqual(expect.arrayContaining([...agentAttributes]));
      expect(Object.keys(set), move).toContain("version");
    }
    eachMade(({ call, situation }, after) => {
      if (endsIt(call) && agentAttributes.some((name) => name in after)) expect.fail(tell(situation, call));
    });
  });

  test("by which it is condemned keeps the agent's last signal as it was read", () => {
    eachMade(({ call, situation }, after) => {
      if (effects[call.move].state === "terminating" && after.lastSignal !== readSignal)
        expect.fail(tell(situation, call));
    });
  });

  test("sets the new threshold, but for asking to leave, which keeps it", () => {
    eachMade(({ call, situation }, after, before) => {
      const expected = effects[call.move].threshold === "unchanged" ? before.threshold : newThreshold;
      if (after.threshold !== expected) expect.fail(tell(situation, call));
    });
  });

  test("sets `wanted` where the words say so, and leaves it otherwise", () => {
    eachMade(({ call, situation }, after, before) => {
      if (after.wanted !== (effects[call.move].wanted ?? before.wanted ?? "serve"))
        if (call.right !== "idle floor") expect.fail(tell(situation, call));
    });
  });

  test("bumps assignment and uses exactly when it takes an owner", () => {
    eachMade(({ call, situation }, after, { assignment = 0, uses = 0 }) => {
      const step = effects[call.move].owner === "caller" && call.right !== "idle floor" ? 1 : 0;
      if (after.assignment !== assignment + step || after.uses !== uses + step) expect.fail(tell(situation, call));
    });
  });

  test("leaves no attribute of an owner when it drops it, and all of the caller's when it takes one", () => {
    eachMade(({ call, situation }, after, before) => {
      const { owner } = effects[call.move];
      for (const name of ownership) {
        const kept = { none: undefined, kept: before[name], caller: caller[name] }[owner];
        const expected = call.right === "idle floor" && name !== "claimId" ? undefined : kept;
        if (after[name] !== expected || (expected === undefined && name in after))
          expect.fail(`${name}: ${tell(situation, call)}`);
      }
    });
  });

  test("keeps a condemned one's owner as the last owner, with the reason", () => {
    eachMade(({ call, situation }, after, before) => {
      if (effects[call.move].state !== "terminating") return;
      if (after.lastOwner !== (before.owner ?? "none") || after.reason?.code !== "operator")
        expect.fail(tell(situation, call));
    });
  });

  test("writes nothing of the agent's but where it ends it, and nothing of what the machine is", () => {
    const agents = new Set<string>(agentAttributes);
    const foreign = new Set<string>([...agentAttributes, ...Object.keys(machine), "schema"]);
    eachMade(({ call, situation }, after, before) => {
      if (call.move === "create") return;
      const wrong = changed(before, after).filter((name) => foreign.has(name) && !(endsIt(call) && agents.has(name)));
      if (wrong.length > 0) expect.fail(`${wrong.join()}: ${tell(situation, call)}`);
    });
  });

  test("leaves a record that can be stored and read again", () => {
    const seen = new Set<string>();
    eachMade(({ call, situation }, after) => {
      const kind = `${call.move} ${situation.state} ${situation.owner}`;
      if (seen.has(kind)) return;
      seen.add(kind);
      const read = decodeRecord(JSON.parse(JSON.stringify(after)));
      expect(isDamaged(read) ? read.problem : read, kind).toEqual(after);
    });
  });
});

const idle: Situation = {
  state: "idle",
  owner: "nobody",
  sign: undefined,
  wanted: "serve",
  ahead: 60_000,
  retired: false,
  heartbeatAge: 1_000,
};
const said = (kind: SignalKind): Sign => ({ kind, of: "this assignment" });
const left = { owner: "caller", wanted: "leave", sign: said("deregistered") } as const;

describe("a caller whose reply was lost", () => {
  /** From where each repeatable move is first made. */
  const firsts: readonly [Move, Situation][] = [
    ["create", { ...idle, state: "none" }],
    ["park-prepared", { ...idle, state: "created", sign: said("prepared") }],
    ["park-left", { ...idle, state: "created", ...left }],
    ["claim", idle],
    ["start", { ...idle, state: "claimed", owner: "caller", sign: said("registered") }],
    ["release", { ...idle, state: "running", ...left }],
    ["condemn-expired", { ...idle, ahead: 0 }],
    ["condemn-gone", { ...idle, state: "running", owner: "another run" }],
    ["confirm", { ...idle, state: "terminating" }],
  ];
  const callOf = (move: Move): Call => calls.find((one) => one.move === move) ?? expect.fail(`no call of ${move}`);

  test.each(firsts)("and who makes %s again finds it made, and changes nothing", (move, before) => {
    const { params } = callOf(move);
    const first = decide(move, recordOf(before), params);
    expect(first).toMatchObject({ kind: "done", already: false });
    expect(decide(move, first.record, params)).toEqual({ kind: "done", record: first.record, already: true });
  });

  const again: readonly [Move, Situation][] = [
    ["extend-idle", idle],
    ["extend-running", { ...idle, state: "running", owner: "caller" }],
    ["ask-to-leave", { ...idle, state: "running", owner: "caller" }],
  ];
  test.each(again)("may make %s again", (move, before) => {
    const { params } = callOf(move);
    const second = decide(move, decide(move, recordOf(before), params).record, params);
    expect(second).toMatchObject({ kind: "done", already: false, record: { version: versionNow + 2 } });
    expect(second.record?.assignment).toBe(assignmentNow);
  });
});

test("of two claims of one idle instance the second is told that it is not idle, and by whom it is held", () => {
  const first = decide("claim", recordOf(idle), { now, threshold: newThreshold, ownership: caller });
  const second = decide("claim", first.record, { now, threshold: newThreshold, ownership: owners["another run"] });
  expect(second).toMatchObject({ kind: "refused", why: "state", record: { owner: caller.owner } });
});

test("the threshold of each move is made of the limit that the words name", () => {
  for (const move of moves) expect(life[move].limit, move).toBe(effects[move].threshold);
});

test("every need of every move is somewhere the only thing that forbids it", { timeout: unlimited }, () => {
  const decisive = new Set<string>();
  const conditions = calls.map(({ move, params }) => ({ move, needed: conditionOf(move, params) }));
  for (const situation of situations()) {
    const record = recordOf(situation);
    for (const { move, needed } of conditions) {
      const failing = needed.filter(({ that }) => !holds(that, record ?? {}));
      if (failing.length === 1 && failing[0] !== undefined) decisive.add(`${move}: ${failing[0].why}`);
    }
  }
  const named = moves.flatMap((move) => life[move].needs.map((need) => `${move}: ${need}`));
  expect(named.filter((need) => !decisive.has(need))).toEqual([]);
});
