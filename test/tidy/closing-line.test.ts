// `npm test` itself: its last line counts what happened, its exit code says whether all was well.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, matchesGlob } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import config from "../../vitest.config.ts";
import { longest } from "../longest-first.ts";

interface Matched {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly retry?: number;
}

const run = fileURLToPath(new URL("../run.ts", import.meta.url));

/** Runs `npm test` on a folder with this one test file (none where there is no text). */
function testsOf(text: string | undefined): { lines: readonly string[]; exit: number | null } {
  const folder = mkdtempSync(join(tmpdir(), "closing-line-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  if (text !== undefined) writeFileSync(join(folder, "a.test.ts"), text);
  const given = ["--root", folder, "--globals", "--no-color"];
  const { stdout, status } = spawnSync(process.execPath, [run, ...given], { encoding: "utf8" });
  return { lines: stdout.trimEnd().split("\n"), exit: status };
}

test.each([
  ["tests that pass", 'test("a", () => {}); test("b", () => {});', "2 passed, 0 failed, 0 skipped", 0],
  [
    "a test that fails",
    'test("a", () => {}); test("b", () => { throw new Error("no"); });',
    "1 passed, 1 failed, 0 skipped",
    1,
  ],
  ["a file that cannot be loaded", 'import "./nowhere.ts"; test("a", () => {});', "0 passed, 1 failed, 0 skipped", 1],
  [
    "a hook that fails",
    'beforeAll(() => { throw new Error("no"); }); test("a", () => {});',
    "0 passed, 1 failed, 1 skipped",
    1,
  ],
  [
    "an error outside any test",
    'test("a", () => { void Promise.reject(new Error("stray")); });',
    "1 passed, 1 failed, 0 skipped",
    1,
  ],
  [
    "only tests that are skipped",
    'test("a", (here) => here.skip("no cloud here"));',
    "0 passed, 0 failed, 1 skipped",
    1,
  ],
  ["no test file at all", undefined, "0 passed, 0 failed, 0 skipped", 1],
])("%s", (_, text, closing, exit) => {
  const ended = testsOf(text);
  expect(ended.lines.at(-1)).toBe(closing);
  expect(ended.exit).toBe(exit);
});

test("a skipped test is named with its reason, and does no harm", () => {
  const { lines, exit } = testsOf(
    'test("a", () => {}); describe("s", () => { test("b", (here) => here.skip("no cloud here")); });',
  );
  expect(lines.slice(-3)).toEqual(["SKIPPED (no cloud here):", "  a.test.ts > s > b", "1 passed, 0 failed, 1 skipped"]);
  expect(exit).toBe(0);
});

test("a test that passed at its second try is named with what the first failed with, and counts as passed", () => {
  const { lines, exit } = testsOf(
    'let tries = 0; test("a", () => {}); test("b", { retry: 1 }, () => { if (tries++ === 0) throw new Error("no"); });',
  );
  expect(lines.slice(-4)).toEqual([
    "RETRIED (1 of the passed failed at first):",
    "  a.test.ts > b",
    "    no",
    "2 passed, 0 failed, 0 skipped",
  ]);
  expect(exit).toBe(0);
});

test("what looks for losses that chance brings about is tried once, everything on real processes at most twice", () => {
  const { projects = [] } = config.test ?? {};
  const triesOf = (path: string) =>
    projects.flatMap((project) => {
      const { include = [], exclude = [], retry } = (project as { test: Matched }).test;
      const matches = (globs: readonly string[]) => globs.some((glob) => matchesGlob(path, glob));
      return matches(include) && !matches(exclude) ? [retry ?? 0] : [];
    });
  const retries = ["action/cancel", "soak/soak", "action/steps", "cli/usage", "domain/decide"].map((name) =>
    triesOf(`test/${name}.test.ts`),
  );
  expect(retries).toEqual([[0], [0], [1], [1], [0]]);
});

test("the files that are named as the longest are there", () => {
  expect(longest.filter((path) => !existsSync(join(import.meta.dirname, "../..", path)))).toEqual([]);
});
