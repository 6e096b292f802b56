// Where the command line keeps what is compiled of it: where nobody but its user may write, and not in CI.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { compileCacheOf } from "../../entry/cli/compile-cache.ts";

function folder(mode: number): string {
  const made = mkdtempSync(join(tmpdir(), "runpool-caches-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  chmodSync(made, mode);
  return made;
}

test("in the user's cache directory, by the variable or below the home", () => {
  const named = folder(0o700);
  expect(compileCacheOf({ XDG_CACHE_HOME: named })).toBe(join(named, "runpool"));
  const home = process.env["HOME"];
  onTestFinished(() => {
    process.env["HOME"] = home;
  });
  process.env["HOME"] = folder(0o755);
  const below = join(homedir(), ".cache", "runpool");
  expect(compileCacheOf({})).toBe(below);
  // The specification: a path that is not absolute is to be ignored.
  expect(compileCacheOf({ XDG_CACHE_HOME: "caches" })).toBe(below);
});

test("nowhere in CI, and nowhere that others may write", () => {
  const named = folder(0o700);
  expect(compileCacheOf({ XDG_CACHE_HOME: named, CI: "true" })).toBeUndefined();
  expect(compileCacheOf({ XDG_CACHE_HOME: folder(0o770) })).toBeUndefined();
  expect(compileCacheOf({ XDG_CACHE_HOME: folder(0o777) })).toBeUndefined();
});

test("nowhere that is another user's", () => {
  vi.spyOn(process, "getuid").mockReturnValue((process.getuid?.() ?? 0) + 1);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(compileCacheOf({ XDG_CACHE_HOME: folder(0o700) })).toBeUndefined();
});
