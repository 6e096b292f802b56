// The list of `npm run mutate` keeps up with the product: each row still fits, on every day and not only when it is played.
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { readText } from "../tidy/sources.ts";
import { edited } from "./edit.ts";
import { parseOptions } from "./mutate-options.ts";
import { mutations } from "./mutations/all.ts";
import { testsThatReach } from "./reach.ts";

const named = mutations.map((mutation) => [`${mutation.file}: ${mutation.meets}`, mutation] as const);

test.each(named)("%s: the text is there once, and its test reaches the file", (_, mutation) => {
  const before = readText(mutation.file);
  expect(edited(before, mutation)).not.toBe(before);
  expect(mutation.find.trim().split("\n"), "a mistake of one line").toHaveLength(1);
  expect(existsSync(mutation.test), mutation.test).toBe(true);
  expect(testsThatReach(mutation.file)).toContain(mutation.test);
});

test("no mistake is made twice, and every part of the product has some", () => {
  const edits = mutations.map(({ file, find, replace }) => JSON.stringify([file, find, replace]));
  expect(new Set(edits).size).toBe(edits.length);
  expect(new Set(mutations.map(({ meets }) => meets)).size).toBe(mutations.length);
  for (const part of ["agent/", "cloud/", "control/", "domain/", "entry/", "stacks/"])
    expect(
      mutations.some(({ file }) => file.startsWith(part)),
      part,
    ).toBe(true);
  expect(mutations.some(({ file }) => file.endsWith(".sh"))).toBe(true);
});

test("options are read, and a wrong one is named with what would be right", () => {
  expect(parseOptions(["--only", "agent", "--workers", "3"], 2)).toMatchObject({
    only: "agent",
    workers: 3,
    widest: 20,
  });
  expect(parseOptions([], 2)).toMatchObject({ only: "", workers: 2, json: false });
  expect(() => parseOptions(["--workers", "0"], 2)).toThrow('--workers is "0"; it is a whole number from 1');
});
