// The pure choice of instance types: requirements and price protection over the catalogue.
import { assert, constantFrom, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { catalogue, spotPrice } from "../../sim/ec2/catalogue.ts";
import { matchingTypes, withinPrice } from "../../sim/ec2/matching-types.ts";
import type { Requirements } from "../../sim/ec2/matching-types.ts";

const names = (need: Partial<Requirements>, architecture: "x86_64" | "arm64" = "x86_64"): string[] =>
  matchingTypes(catalogue, { vcpu: { min: 2, max: 2 }, mib: {}, ...need }, architecture).map(({ name }) => name);

test("the catalogue holds true types", () => {
  const facts = Object.fromEntries(catalogue.map((type) => [type.name, [type.vcpu, type.mib, type.architecture]]));
  expect(facts).toMatchObject({
    "c5.9xlarge": [36, 73_728, "x86_64"],
    "c6i.16xlarge": [64, 131_072, "x86_64"],
    "m7g.xlarge": [4, 16_384, "arm64"],
    "r6a.2xlarge": [8, 65_536, "x86_64"],
    "t3.large": [2, 8192, "x86_64"],
  });
  expect(catalogue.map(({ name }) => name)).not.toContain("c5.8xlarge");
  expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
});

test("burstable types are left out unless asked for", () => {
  const t3 = { allowedTypes: ["t3.*"] };
  expect(names(t3)).toEqual([]);
  expect(names({ ...t3, burstable: "included" })).toEqual(["t3.large"]);
  expect(names({ burstable: "required" })).toEqual(["t3.large"]);
});

test("wildcards and exclusions narrow the choice", () => {
  expect(names({ allowedTypes: ["c5*.*"] })).toEqual(["c5.large", "c5a.large"]);
  expect(names({ allowedTypes: ["c5.*"] })).toEqual(["c5.large"]);
  expect(names({ allowedTypes: ["c5*"], excludedTypes: ["c5a*"] })).toEqual(["c5.large"]);
});

test("every match satisfies the bounds and every type that does is a match", () => {
  const bound = integer({ min: 1, max: 128 });
  assert(
    property(bound, bound, bound, constantFrom("x86_64" as const, "arm64" as const), (a, b, gib, architecture) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)];
      const found = new Set(matchingTypes(catalogue, { vcpu: { min, max }, mib: { min: gib * 1024 } }, architecture));
      for (const type of catalogue) {
        const fits = type.vcpu >= min && type.vcpu <= max && type.mib >= gib * 1024 && !type.burstable;
        expect(found.has(type)).toBe(fits && type.architecture === architecture);
      }
    }),
  );
});

test("price protection is measured from the cheapest current C, M or R type", () => {
  const types = matchingTypes(catalogue, { vcpu: { min: 2, max: 4 }, mib: { min: 4096 } }, "x86_64");
  const left = (protection: object, market: "spot" | "on-demand") =>
    withinPrice(types, protection, market, (type) => spotPrice(type, "us-east-1a")).map(({ name }) => name);
  // c6a.large costs 0.0765; a fifth more is 0.0918.
  expect(left({}, "on-demand")).toEqual(["c5.large", "c5a.large", "c6i.large", "c6a.large", "c7i.large", "m6a.large"]);
  expect(left({ onDemandOverLowest: 999_999 }, "on-demand")).toHaveLength(types.length);
  expect(left({ spotOverLowest: 999_999 }, "spot")).toHaveLength(types.length);
});
