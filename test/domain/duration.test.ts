// Durations as people write them.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration, respelledDuration } from "../../domain/duration.ts";

test("what is written with units is read, the larger first, and nothing else is", () => {
  expect(["90s", "7m", "1h30m", "2d", "1d2h3m4s", "0s"].map(parseDuration)).toEqual([
    90_000, 420_000, 5_400_000, 172_800_000, 93_784_000, 0,
  ]);
  for (const odd of ["", "7", "7 m", "m7", "30m1h", "1h 30m", "-7m", "1.5h", "7M", "7ms", "1h1h", "1234567s"])
    expect(parseDuration(odd), odd).toBeUndefined();
});

test("a duration is written as it is read", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (seconds) => {
      expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});

test("what is meant by another spelling is said, where that is plain", () => {
  const spellings: [unknown, string | undefined][] = [
    [420_000, "7m"],
    ["10 min", "10m"],
    ["90 seconds", "1m30s"],
    ["1.5h", "1h30m"],
    ["30m1h", "1h30m"],
    ["2 Days, 3 hours", "2d3h"],
    ["420000ms", "7m"],
    ["soon", undefined],
    ["7 fortnights", undefined],
    ["0s", undefined],
    [true, undefined],
    [-5, undefined],
    [500, undefined],
  ];
  for (const [given, right] of spellings) expect(respelledDuration(given), String(given)).toBe(right);
});
