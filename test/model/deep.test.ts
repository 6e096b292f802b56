// Worlds too large to be seen whole: breadth-first as deep as the states allow, then at random to their end.
import { afterAll, describe, expect, test } from "vitest";
import { Extent, inWords } from "./extent.ts";
import { mutations } from "./mutations.ts";
import { search } from "./search.ts";
import { walk } from "./walks.ts";
import { asBuilt, cut, large, small, type CutWorld } from "./worlds.ts";

/** `RUNPOOL_MODEL=full npm test -- test/model`: millions of states of each world, for an hour and gigabytes. */
const full = process.env["RUNPOOL_MODEL"] === "full";
/** A search is bounded by its states, a walk by its steps. */
const timeout = 0;

const extent = new Extent();
afterAll(() => extent.print("worlds searched in part"));

/** Steps up to which 100,000 states see all. */
const depths: Readonly<Record<CutWorld, number>> = {
  "cut stray": 16,
  "parked stray": 15,
  "cancelled stray": 12,
  "cancelled released": 15,
  either: 11,
  two: 12,
};

describe("no promise is broken as far as the search goes", () => {
  test.each(cut)("%s", { timeout }, (key) => {
    const found = search(small[key], asBuilt, { maxStates: full ? 3_000_000 : 100_000 });
    extent.add(small[key].name, found);
    expect(inWords(found)).toBe("no promise is broken");
    expect(found.whole || found.depth >= depths[key]).toBe(true);
    expect(!full && found.whole ? "whole: it belongs to the others" : "cut").toBe("cut");
  });

  test("everything at once", { timeout }, () => {
    const found = search(large.everything, asBuilt, { maxStates: full ? 8_000_000 : 250_000 });
    extent.add(large.everything.name, found);
    expect(inWords(found)).toBe("no promise is broken");
    expect(found.depth).toBeGreaterThanOrEqual(full ? 8 : 7);
  });

  const others = [large["two instances"], large["two instances, late agents"], large["a re-run"]];
  test.for(others.map((spec) => [spec.name, spec] as const))("%s", { timeout }, ([name, spec], { skip }) => {
    skip(!full, "too large for every day: RUNPOOL_MODEL=full searches");
    const found = search(spec, asBuilt, { maxStates: 3_000_000 });
    extent.add(name, found);
    expect(inWords(found)).toBe("no promise is broken");
  });
});

describe("no promise is broken on the way to the end", () => {
  const ways = Object.values(large).map((spec, at) => [spec.name, spec, at + 1] as const);
  test.each(ways)("%s", { timeout }, (name, spec, seed) => {
    const walks = full ? 200_000 : 2_000;
    const walked = walk(spec, asBuilt, { walks, longest: 1_000, seed });
    extent.note(`${walked.steps.toLocaleString("en")} steps of ${walks} walks, up to ${walked.deepest} deep: ${name}`);
    expect(inWords(walked)).toBe("no promise is broken");
    expect(walked.ended).toBe(walks);
    expect(walked.deepest).toBeGreaterThan(50);
  });

  /** Those that a few hundred walks meet; the shortest trace to each is shown in mutations.test.ts. */
  test.each([
    ["claim: state", /does not come back/],
    ["confirm: state", /terminated never changes/],
    ["condemn-unregistered: not begun to register", /no started job/],
  ] as const)("unless a condition is missing: %s", { timeout }, (missing, promise) => {
    const { broken } = walk(large.everything, mutations.get(missing)?.(asBuilt) ?? asBuilt, {
      walks: 1_500,
      longest: 1_000,
      seed: 1,
    });
    expect(broken?.promise).toMatch(promise);
    expect(broken?.trace.at(-1)).toMatch(/^\d+\. /);
    expect(broken?.trace.join("\n")).not.toContain("?");
  });
});
