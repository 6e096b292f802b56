// Conditions as data: DynamoDB's rules for what is absent and for what is of another type.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { absent, and, at, compare, exists, holds, or, path, type Comparison } from "../../domain/condition.ts";

const arithmetic: Readonly<Record<Comparison, (left: number, right: number) => boolean>> = {
  "=": (left, right) => left === right,
  "<>": (left, right) => left !== right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
};
const comparisons = Object.keys(arithmetic) as Comparison[];
const small = fc.integer({ min: -3, max: 3 });

describe("a comparison", () => {
  test.each(comparisons)("by %s of two numbers is the arithmetic one", (op) => {
    fc.assert(
      fc.property(small, small, (left, right) => {
        const expected = arithmetic[op](left, right);
        expect(holds(compare("a", op, right), { a: left })).toBe(expected);
        expect(holds(compare("a", op, path("b")), { a: left, b: right })).toBe(expected);
      }),
    );
  });

  test.each(comparisons)("by %s with an absent attribute is false, but for <>", (op) => {
    expect(holds(compare("a", op, 1), {})).toBe(op === "<>");
    expect(holds(compare("a", op, path("b")), { a: 1 })).toBe(op === "<>");
    expect(holds(compare("a.b", op, 1), { a: 1 })).toBe(op === "<>");
  });

  test.each(comparisons)("by %s across types is false, but for <>", (op) => {
    expect(holds(compare("a", op, 1), { a: "1" })).toBe(op === "<>");
  });

  test("reaches into maps by a dotted path", () => {
    expect(at({ signal: { kind: "prepared" } }, "signal.kind")).toBe("prepared");
    expect(at(undefined, "signal.kind")).toBeUndefined();
    expect(holds(compare("signal.kind", "=", "prepared"), { signal: { kind: "prepared" } })).toBe(true);
  });
});

test("exists and absent are each other's opposite, also for a false or empty value", () => {
  for (const item of [{}, { a: 0 }, { a: "" }, { a: false }, undefined])
    expect(holds(exists("a"), item)).toBe(!holds(absent("a"), item));
  expect(holds(exists("a"), { a: false })).toBe(true);
});

test("`and` needs all, `or` needs one, of however many", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 6 }), (truths) => {
      const parts = truths.map((truth) => (truth ? exists("a") : absent("a")));
      expect(holds(and(...parts), { a: 1 })).toBe(truths.every(Boolean));
      expect(holds(or(...parts), { a: 1 })).toBe(truths.some(Boolean));
    }),
  );
});
