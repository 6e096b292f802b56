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
  for (const path of [["cd ", "work/main"].join("/"), "/home/jane/src", '"/Users/jane/x"', "C:\\Users\\jane"])
    expect(ownMachine.test(path), path).toBe(true);
  for (const path of ["runner/work/app", "/home/runner/_work", "../work/", "https://example.org/work/"])
    expect(ownMachine.test(path), path).toBe(false);
});

const registry = /\b(registry\.npmjs\.org|registry\.yarnpkg\.com|pypi\.org|npm\.pkg\.github\.com|artifactory|nexus\.)/i;

test("no file names a host of a package registry: the installing machine says where from", () => {
  expect(linesWith(registry, texts)).toEqual([]);
  expect(registry.test("https://registry.npmjs.org/a/-/a-1.0.0.tgz")).toBe(true);
});

interface Locked {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly inBundle?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const lock = JSON.parse(readText("package-lock.json")) as { readonly packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== "");

test("the lock file keeps no address, and each package's checksum but for other platforms' builds", () => {
  expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  // A mirror may hold the builds of some platforms only; npm then knows no checksum of the others.
  const bare = locked.filter(([, one]) => {
    const foreign = one.optional === true && one.os !== undefined;
    return one.integrity === undefined && one.inBundle !== true && !foreign;
  });
  expect(bare.map(([path]) => path)).toEqual([]);
});

test("the lock file knows the builds of every platform: `npm ci` refuses one that does not", () => {
  const named = locked.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name): [string, string] => [path, name]),
  );
  const missing = named.filter(([path, name]) => {
    const folders = path.split("/node_modules/").map((_, at, parts) => parts.slice(0, at + 1).join("/node_modules/"));
    const places = ["node_modules", ...folders.map((folder) => `${folder}/node_modules`)];
    return !places.some((place) => lock.packages[`${place}/${name}`] !== undefined);
  });
  expect(missing).toEqual([]);
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
