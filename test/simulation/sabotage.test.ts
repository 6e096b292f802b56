// Every sabotage of the product is caught by a seed that the product itself survives.
import { expect, test } from "vitest";
import { edited } from "../mutation/edit.ts";
import { firstCaught } from "./sabotage.ts";
import { sabotages } from "./sabotages.ts";
import { simulate } from "./simulation.ts";

/** Bounded by its seeds, and each of them by its events. */
const unlimited = 0;

test.each(sabotages)("a product that $name is caught", { timeout: unlimited }, async (sabotage) => {
  const caught = await firstCaught(sabotage);
  expect(caught?.violations, "no seed has caught it").toBeDefined();
  const { rates = {} } = sabotage;
  const healthy = await simulate(caught?.seed ?? 1, { rates });
  expect(healthy.violations, "the product fails there without the sabotage").toEqual([]);
});

test("a sabotage whose text occurs twice, or no more, is an error", () => {
  const edit = { file: "x.ts", find: "a", replace: "b" };
  expect(() => edited("aa", edit)).toThrow("x.ts holds 2 times");
  expect(() => edited("c", edit)).toThrow("x.ts holds 0 times");
  expect(edited("cac", edit)).toBe("cbc");
});
