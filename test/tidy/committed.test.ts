// What must never be committed: paths of somebody's machine, hosts of a registry, half-merged files, tests that run alone.
import { expect, test } from "vitest";
import { files, readText, sources } from "./sources.ts";

const binary = /\.(png|jpg|gif|ico|woff2?|zip|gz|tgz|wasm)$/;
/** This file spells what it looks for. */
const self = "test/tidy/committed.test.ts";
const texts = files
  .filter((path) => !binary.test(path) && path !== self)
  .map((path): [string, string] => [path, readText(path)]);

/** Users whose homes exist on machines that the project makes. */
const homes = "(?!runner\\b|ubuntu\\b|ec2-user\\b|job\\b|runpool\\b|\\$)";
const ownMachine = new RegExp(
  String.raw`(?<![\w.$}/~-])/(?:work|Users)/|(?<![\w.$}/~-])/home/${homes}\w|[A-Z]:\\Users\\`,
);

const linesWith = (pattern: RegExp, among: readonly [string, string][]): readonly string[] =>
  among.flatMap(([path, text]) =>
    text
      .split("\n")
      .flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );

test("no file names a path of somebody's machine", () => {
  expect(linesWith(ownMachine, texts)).toEqual([]);
  for (const path of ["cd /work/main", "/home/jane/src", '"/Users/jane/x"', "C:\\Users\\jane"])
    expect(ownMachine.test(path), path).toBe(true);
  for (const path of ["runner/work/app", "/home/runner/_work", "../work/", "https://example.org/work/"])
    expect(ownMachine.test(path), path).toBe(false);
});

const registry = /\b(registry\.npmjs\.org|registry\.yarnpkg\.com|pypi\.org|npm\.pkg\.github\.com|artifactory|nexus\.)/i;

test("no file names a host of a package registry: whoever installs, says where from", () => {
  expect(linesWith(registry, texts)).toEqual([]);
  expect(registry.test("https://registry.npmjs.org/a/-/a-1.0.0.tgz")).toBe(true);
});

test("the lock file keeps each package's checksum, and no address", () => {
  const lock = JSON.parse(readText("package-lock.json")) as { packages: Record<string, Record<string, unknown>> };
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
  expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  const bare = packages.filter(([, { integrity, inBundle }]) => integrity === undefined && inBundle !== true);
  expect(bare.map(([path]) => path)).toEqual([]);
});

test("no file is half merged", () => {
  expect(linesWith(/^(<{7}|>{7}|\|{7}) /, texts)).toEqual([]);
});

test("no test is left to run alone, to be done, or skipped without a word", () => {
  const tests = sources
    .filter(({ path }) => path.startsWith("test/") && path !== self)
    .map(({ path, text }): [string, string] => [path, text]);
  expect(linesWith(/\b(?:test|it|describe)(?:\.\w+)*\.(?:only|todo|fails)\b/, tests)).toEqual([]);
  expect(linesWith(/\b(?:test|it|describe)\.skip\b|\.skip\(\)/, tests)).toEqual([]);
});
