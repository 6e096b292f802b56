// The model as the code is built: worlds that are searched whole. No interleaving breaks a promise, and from every state all can end.
import { afterAll, describe, expect, test } from "vitest";
import { Extent, inWords } from "./extent.ts";
import { mishaps } from "./model.ts";
import { search } from "./search.ts";
import { asBuilt, cut, small } from "./worlds.ts";

const extent = new Extent();
afterAll(() => extent.print("worlds searched whole"));

const worlds = Object.entries(small).filter(([key]) => !cut.some((one) => one === key));

/** A search is bounded by its states. */
const unlimited = 0;

/** The largest has 719,000 states. Whether all can end is only known of a world that was seen whole. */
describe("no promise is broken, and everything ends", () => {
  test.each(worlds.map(([, spec]) => [spec.name, spec] as const))("%s", { timeout: unlimited }, (name, spec) => {
    const found = search(spec, asBuilt, { maxStates: 750_000 });
    extent.add(name, found);
    expect(inWords(found)).toBe("no promise is broken");
    expect(found.whole ? "whole" : `cut at ${found.states} states`).toBe("whole");
    expect(found.states).toBeGreaterThan(100);
  });
});

test("every mishap is part of a world that is searched whole", () => {
  const met = new Set(worlds.flatMap(([, { faults }]) => Object.keys(faults)));
  expect(mishaps.filter((one) => !met.has(one))).toEqual([]);
});
