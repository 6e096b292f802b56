// The model as the code is built: no interleaving breaks a promise, and from every state of a world that was seen whole all can end.
import { afterAll, describe, expect, test } from "vitest";
import { comparison } from "./code.ts";
import { Extent, inWords } from "./extent.ts";
import { mishaps } from "./model.ts";
import { mutations } from "./mutations.ts";
import { search } from "./search.ts";
import { walk } from "./walks.ts";
import { asBuilt, cut, extents, full, heavy, large, small } from "./worlds.ts";

const extent = new Extent();
afterAll(() => extent.print("worlds searched"));

/** A search is bounded by its states, a walk by its steps. */
const timeout = 0;

const worlds = Object.entries(small).filter(([key]) => !Object.hasOwn(cut, key));
const isHeavy = (key: string): boolean => !full && Object.hasOwn(heavy, key);
const shallow = Object.entries(full ? cut : { ...heavy, ...cut }) as [keyof typeof small, number][];

describe("no promise is broken, and everything ends", () => {
  test.each(worlds.filter(([key]) => !isHeavy(key)))("%s", { timeout }, async (_, spec) => {
    const found = await search(spec, asBuilt, { maxStates: extents.whole });
    extent.add(spec.name, found);
    expect(inWords(found)).toBe("no promise is broken");
    expect(found.whole).toBe(true);
    expect(found.states).toBeGreaterThan(100);
  });
});

test("every mishap is part of a world that is searched whole", () => {
  const met = new Set(worlds.filter(([key]) => !isHeavy(key)).flatMap(([, { faults }]) => Object.keys(faults)));
  expect(mishaps.filter((one) => !met.has(one))).toEqual([]);
});

describe("no promise is broken as far as the search goes", () => {
  test.each(shallow)("%s", { timeout }, async (key, depth) => {
    const found = await search(small[key], asBuilt, {
      maxStates: Object.hasOwn(cut, key) ? extents.cut : extents.part,
    });
    extent.add(small[key].name, found);
    expect(inWords(found)).toBe("no promise is broken");
    expect(found.depth).toBeGreaterThanOrEqual(depth);
    expect(!full && found.whole ? "whole: it belongs to the others" : "cut").toBe("cut");
  });

  test("everything at once", { timeout }, async () => {
    const found = await search(large.everything, asBuilt, { maxStates: extents.everything });
    extent.add(large.everything.name, found);
    expect(inWords(found)).toBe("no promise is broken");
    expect(found.depth).toBeGreaterThanOrEqual(5);
  });

  test.for(Object.values(large).slice(0, -1))("$name", { timeout }, async (spec, { skip }) => {
    skip(!full, "too large for every day: RUNPOOL_MODEL=full searches");
    const found = await search(spec, asBuilt, { maxStates: extents.cut });
    extent.add(spec.name, found);
    expect(inWords(found)).toBe("no promise is broken");
  });
});

describe("no promise is broken on the way to the end", () => {
  test.each(Object.values(large).map((spec, at) => [spec.name, spec, at + 1] as const))(
    "%s",
    { timeout },
    async (name, spec, seed) => {
      const { walks } = extents;
      const walked = await walk(spec, asBuilt, { walks, longest: 2_000, seed });
      extent.note(
        `${walked.steps.toLocaleString("en")} steps of ${walks} walks, up to ${walked.deepest} deep: ${name}`,
      );
      expect(inWords(walked)).toBe("no promise is broken");
      expect(walked.ended).toBe(walks);
      expect(walked.deepest).toBeGreaterThan(40);
    },
  );

  /** Those that a few hundred walks meet; the shortest trace to each is shown in mutations.test.ts. */
  test.each([
    ["claim: state", /does not come back/],
    ["confirm: state", /terminated never changes/],
    ["claim: heartbeat fresh", /long dead/],
  ] as const)("unless a condition is missing: %s", { timeout }, async (missing, promise) => {
    const rules = mutations.get(missing)?.(asBuilt) ?? asBuilt;
    const { broken } = await walk(large.everything, rules, { walks: 400, longest: 1_000, seed: 1 });
    expect(broken?.promise).toMatch(promise);
    expect(broken?.trace.at(-1)).toMatch(/^\d+\. /);
    expect(broken?.trace.join("\n")).not.toContain("?");
  });
});

describe("histories of our code that are taken for one go on alike, whatever comes", () => {
  afterAll(() => (comparison.on = false));
  test.each(["crash", "released", "floor", "either"] as const)("%s", { timeout }, async (key) => {
    Object.assign(comparison, { on: true, made: 0 });
    // Names of its own, so that nothing is known of its code yet.
    const processes = small[key].processes.map((one) => ({ ...one, name: `${one.name} compared` }));
    const found = await search({ ...small[key], processes }, asBuilt, { maxStates: extents.part });
    expect(inWords(found)).toBe("no promise is broken");
    expect(comparison.made).toBeGreaterThan(100);
  });
});
