// `allowed-instance-types`: what is taken, and what it matches, against a matcher written the long way.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowsType, parseAllowedTypes } from "../../domain/instance-types.ts";

/** Wildcards without regular expressions: a star stands for any text, the rest for itself. */
function naive(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (!pattern.startsWith("*")) return text[0] === pattern[0] && text !== "" && naive(pattern.slice(1), text.slice(1));
  for (let taken = 0; taken <= text.length; taken += 1) if (naive(pattern.slice(1), text.slice(taken))) return true;
  return false;
}

const pattern = fc.stringMatching(/^[a1*-]{1,5}(\.[a1*-]{1,5})?$/);
const typeName = fc.stringMatching(/^[a1-]{1,4}\.[a1-]{1,4}$/);

test("a pattern matches what a matcher written the long way says", () => {
  fc.assert(
    fc.property(pattern, typeName, (one, name) => {
      expect(allowsType([one], name)).toBe(naive(one, name));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["c*", "c5.large", true],
  ["c*", "m5.large", false],
  ["m5.*", "m5.large", true],
  ["m5.*", "m5a.large", false],
  ["m5*", "m5a.large", true],
  ["r6i.large", "r6i.large", true],
  ["r6i.large", "r6i.xlarge", false],
  ["*.large", "m5.large", true],
  ["*.large", "m5.xlarge", false],
  ["u-6tb1.metal", "u-6tb1.metal", true],
  ["m5.large", "m5xlarge", false],
])("%s on %s: %s", (one, name, expected) => {
  expect(allowsType([one], name)).toBe(expected);
});

test("several patterns allow what any of them matches; none at all allows every type", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 4 }), typeName, (patterns, name) => {
      expect(allowsType(patterns, name)).toBe(patterns.length === 0 || patterns.some((one) => naive(one, name)));
    }),
  );
});

describe("a text of patterns", () => {
  test("is split on blanks, commas and lines", () => {
    expect(parseAllowedTypes(" c*  m5.*,r6i.large\n*.metal\t")).toEqual({
      ok: true,
      patterns: ["c*", "m5.*", "r6i.large", "*.metal"],
    });
    expect(parseAllowedTypes(" ")).toEqual({ ok: true, patterns: [] });
  });

  test("is read back from whatever well-formed patterns it was joined of", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 8 }), (patterns) => {
        const parsed = parseAllowedTypes(patterns.join(" "));
        const wellFormed = patterns.every((one) => one.includes(".") || one.includes("*"));
        const bad = patterns.some((one) => /(^|\.)-/.test(one));
        if (wellFormed && !bad) expect(parsed).toEqual({ ok: true, patterns });
        else if (!wellFormed) expect(parsed.ok).toBe(false);
      }),
    );
  });

  test.each(["m5", "m5.", ".large", ".", "-", "m5.large.x", "m[5].large", "m5.?", "M5.large", "*".repeat(31), "m5.-x"])(
    "with %s in it is refused by name, with what to write",
    (malformed) => {
      const parsed = parseAllowedTypes(`c5.* ${malformed} m5.*`);
      expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(`"${malformed}"`) });
      expect(parsed).toMatchObject({ problem: expect.stringMatching(/FAMILY\.SIZE|"c\* m5\.\* r6i\.large"/) });
    },
  );

  test("may have 400 patterns, as many as EC2 takes, and not one more", () => {
    expect(parseAllowedTypes("c* ".repeat(400)).ok).toBe(true);
    expect(parseAllowedTypes("c* ".repeat(401))).toMatchObject({ ok: false, problem: expect.stringContaining("401") });
  });
});
