// The model as the code is built: worlds that are searched whole, the heavy ones so with RUNPOOL_MODEL=full. No interleaving breaks a promise, and from every state all can end.
import { afterAll, describe, expect, test } from "vitest";
import { Extent, inWords } from "./extent.ts";
import { mishaps } from "./model.ts";
import { search } from "./search.ts";
import { asBuilt, cut, heavy, small } from "./worlds.ts";

const extent = new Extent();
afterAll(() => extent.print("worlds searched whole"));

const worlds = Object.entries(small).filter(([key]) => !cut.some((one) => one === key));

/** A search is bounded by its states. */
const unlimited = 0;

const full = process.env["RUNPOOL_MODEL"] === "full";

/** The largest has 592,000 states. Whether all can end is only known of a world that was seen whole. */
describe("no promise is broken, and everything ends", () => {
  test.each(worlds.map(([key, spec]) => [spec.name, key, spec] as const))(
    "%s",
    { timeout: unlimited },
    (name, key, spec) => {
      const inPart = !full && heavy.includes(key);
      const found = search(spec, asBuilt, { maxStates: inPart ? 50_000 : 750_000 });
      extent.add(name, found);
      expect(inWords(found)).toBe("no promise is broken");
      expect(found.whole ? "whole" : `cut at ${found.states} states`).toMatch(inPart ? /^cut at 50/ : /^whole$/);
      expect(found.states).toBeGreaterThan(100);
    },
  );
});

test("every mishap is part of a world that is searched whole", () => {
  const met = new Set(worlds.flatMap(([, { faults }]) => Object.keys(faults)));
  expect(mishaps.filter((one) => !met.has(one))).toEqual([]);
});
