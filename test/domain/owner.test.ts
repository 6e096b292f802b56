// Owners: one text each, read back as what was written; and whose instances a run may release.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatOwner, groupOf, holderOf, isOfRun, parseOwner, runGroup, runOwner } from "../../domain/owner.ts";
import type { Owner } from "../../domain/owner.ts";

const digits = fc.stringMatching(/^\d{1,20}$/);
const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/);
const owners: fc.Arbitrary<Owner> = fc.oneof(
  fc.record({
    kind: fc.constant("run" as const),
    runId: digits,
    attempt: fc.integer({ min: 1, max: 1000 }),
    provisionId: fc.oneof(
      name,
      name.map((id) => `${id}+rerun`),
    ),
  }),
  fc.record({ kind: fc.constant("job" as const), id: digits }),
  fc.record({ kind: fc.constant("fleet" as const), name }),
  fc.record({
    kind: fc.constant("floor" as const),
    period: fc.nat(),
    pool: fc.constantFrom("github:octo/app/large/x64/spot", "shared/2xlarge/arm64/on-demand", "floor:1:x"),
  }),
  fc.record({
    kind: fc.constant("image-test" as const),
    imageId: fc.stringMatching(/^ami-[0-9a-f]{8,17}$/),
    id: digits,
  }),
);

test("an owner is read back from its text as it was, and each has a text of its own", () => {
  fc.assert(
    fc.property(owners, owners, (one, other) => {
      expect(parseOwner(formatOwner(one))).toEqual(one);
      expect(formatOwner(one) === formatOwner(other)).toBe(fc.stringify(one) === fc.stringify(other));
    }),
  );
});

test("whatever text is read as an owner is the text of that owner", () => {
  const parts = fc.constantFrom(
    "github",
    "run",
    "job",
    "fleet",
    "floor",
    "image-test",
    "ami-0123456789abcdef0",
    "1",
    "01",
  );
  const odd = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(parts, name), { maxLength: 6 }).map((some) => some.join(":")),
  );
  fc.assert(
    fc.property(odd, (text) => {
      const owner = parseOwner(text);
      if (owner !== undefined) expect(formatOwner(owner)).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test("the texts are these", () => {
  expect(formatOwner(runOwner("1001", 2, "build"))).toBe("github:run:1001:2:build");
  expect(formatOwner({ kind: "job", id: "7" })).toBe("github:job:7");
  expect(formatOwner({ kind: "fleet", name: "docs" })).toBe("fleet:docs");
  expect(formatOwner({ kind: "image-test", imageId: "ami-0123456789abcdef0", id: "9" })).toBe(
    "image-test:ami-0123456789abcdef0:9",
  );
});

test.each<Owner>([
  runOwner("", 1, "build"),
  runOwner("1001:2", 1, "build"),
  runOwner("x", 1, "build"),
  runOwner("1001", 0, "build"),
  runOwner("1001", 1.5, "build"),
  runOwner("1001", Number.NaN, "build"),
  runOwner("1001", 1, ""),
  runOwner("1001", 1, "a:b"),
  runOwner("1001", 1, "build\n"),
  runOwner("1001", 1, "a".repeat(101)),
  { kind: "job", id: "7:8" },
  { kind: "fleet", name: "a/b" },
  { kind: "image-test", imageId: "ami-1:2", id: "9" },
])("of %j no text is made, which might be another's", (owner) => {
  expect(() => formatOwner(owner)).toThrow(/is not an owner/);
});

test("an attempt may release what it and earlier ones hold, of its own run alone", () => {
  const second = { runId: "1001", attempt: 2 };
  const held = (runId: string, attempt: number): string => formatOwner(runOwner(runId, attempt, "build"));
  expect([1, 2, 3].map((attempt) => isOfRun(held("1001", attempt), second))).toEqual([true, true, false]);
  expect(isOfRun(held("10012", 1), second)).toBe(false);
  for (const other of [undefined, "", "github:run:1001:1", "github:job:1001", "fleet:1001"])
    expect(isOfRun(other, second), other).toBe(false);
});

test("a run's owners are listed together, every other by itself; a floor owns nothing", () => {
  expect(groupOf(runOwner("1001", 1, "build"))).toBe(runGroup("1001"));
  expect(groupOf(runOwner("1001", 2, "lint"))).toBe(runGroup("1001"));
  expect(groupOf({ kind: "job", id: "1001" })).not.toBe(runGroup("1001"));
  expect(holderOf({ kind: "floor", period: 1, pool: "p/large/x64/spot" })).toBeUndefined();
  expect(holderOf(runOwner("1001", 1, "build"))).toBe("github:run:1001:1:build");
});
