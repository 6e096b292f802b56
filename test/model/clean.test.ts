// The model as the code is built: no interleaving of the bounded worlds breaks a promise, and each can come to its end.
import { describe, expect, test } from "vitest";
import { mishaps, type Spec } from "./model.ts";
import { search, type Found } from "./search.ts";
import { asBuilt, large, small } from "./worlds.ts";

/** `RUNPOOL_MODEL=full npm test -- test/model`: many times as many states, and worlds of two instances with everything in them. */
const full = process.env["RUNPOOL_MODEL"] === "full";
/** Where two instances meet, a larger part is seen. */
const maxStates = ({ start }: Spec): number => (full ? 3_000_000 : start[1] === "idle" ? 200_000 : 45_000);
const timeout = full ? 3_600_000 : 120_000;

const report = (name: string, { states, steps, ms, whole, depth }: Found): void => {
  const extent = whole ? "all of it" : `every state up to ${depth} steps`;
  console.log(`model: ${name}: ${states} states, ${steps} steps, ${(ms / 1000).toFixed(1)} s, ${extent}`);
};
const inWords = ({ broken }: Found): string =>
  broken === undefined ? "no promise is broken" : [broken.promise, ...broken.trace].join("\n");

const worlds: readonly Spec[] = [...Object.values(small), ...(full ? Object.values(large) : [])];

describe("no promise is broken, and everything ends", () => {
  test.each(worlds.map((spec) => [spec.name, spec] as const))("%s", { timeout }, (name, spec) => {
    const found = search(spec, asBuilt, { maxStates: maxStates(spec) });
    report(name, found);
    expect(inWords(found)).toBe("no promise is broken");
    expect(found.states).toBeGreaterThan(100);
  });
});

test("every mishap is part of some world", () => {
  const met = new Set(worlds.flatMap(({ faults }) => Object.keys(faults)));
  expect(mishaps.filter((one) => !met.has(one))).toEqual([]);
});

/**
 * An agent is killed with its `register-failed` on its way, is started again, reads its record before that write lands, and registers once
 * more: since it first makes the standing signal its own, and a signal lands only on the one it was decided upon, the late write is refused.
 */
test("a report of a failed registration that outlives its agent ends no job", { timeout }, () => {
  const found = search(small.outlived, asBuilt, { maxStates: full ? 3_000_000 : 200_000 });
  report("outlived", found);
  expect(inWords(found)).toBe("no promise is broken");
});
