// What the project stands on: under licences that let anyone use it, each for a named reason, none by accident.
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { problemOfNode } from "../../entry/cli/node-version.ts";
import { readText } from "./sources.ts";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readText("package.json")) as Manifest;
const lock = JSON.parse(readText("package-lock.json")) as {
  readonly packages: Readonly<Record<string, Manifest & { readonly license?: string; readonly version?: string }>>;
};

const permissive = new Set([
  "MIT",
  "Apache-2.0",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "Unlicense",
  "CC0-1.0",
]);
/** Weaker terms, for packages that are only run or linked here, never copied into a bundle that is given away. */
const notBundled: Readonly<Record<string, readonly string[]>> = {
  "MPL-2.0": ["cdktf", "@cdktf/provider-aws", "lightningcss"],
  "Public Domain": ["jsonify"],
  "Python-2.0": ["argparse"],
};
const bundled = new Set(Object.keys(manifest.dependencies ?? {}));

const licenceOf = (path: string): string => {
  const said = lock.packages[path]?.license;
  if (said !== undefined || !existsSync(new URL(`../../${path}/package.json`, import.meta.url))) return said ?? "none";
  const own = JSON.parse(readText(`${path}/package.json`)) as {
    license?: string;
    licenses?: readonly { type: string }[];
  };
  return own.license ?? own.licenses?.map(({ type }) => type).join(" AND ") ?? "none";
};
const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

test("every package that npm installs has a licence of the list", () => {
  const odd = Object.keys(lock.packages)
    .filter((path) => path !== "")
    .filter((path) => {
      const [licence, name] = [licenceOf(path), nameOf(path)];
      const exception = notBundled[licence]?.some((known) => name === known || name.startsWith(`${known}-`)) ?? false;
      return !permissive.has(licence) && !exception;
    });
  expect(odd.map((path) => `${path}: ${licenceOf(path)}`)).toEqual([]);
});

test("what is bundled and given away has a permissive licence itself", () => {
  const odd = [...bundled].filter((name) => !permissive.has(licenceOf(`node_modules/${name}`)) && !isOfStacks(name));
  expect(odd).toEqual([]);
});
/** Packages of the stacks run where the stacks are deployed; no bundle holds them. */
const isOfStacks = (name: string): boolean => /^@?cdktf/.test(name) || name === "constructs";

test("the lock file is the manifest's", () => {
  const root = lock.packages[""] ?? {};
  for (const kind of ["dependencies", "devDependencies", "optionalDependencies"] as const)
    expect(root[kind] ?? {}, kind).toEqual(manifest[kind] ?? {});
});

test("npm brings a Node that runs TypeScript, for Linux and macOS on x64 and arm64", () => {
  type Binary = { readonly version?: string; readonly os?: string; readonly cpu?: string; readonly bin?: unknown };
  const binaries = Object.keys(manifest.optionalDependencies ?? {}).map(
    (name) => lock.packages[`node_modules/${name}`] as Binary,
  );
  expect(binaries.map(({ os, cpu }) => `${os} ${cpu}`).toSorted()).toEqual([
    "darwin arm64",
    "darwin x64",
    "linux arm64",
    "linux x64",
  ]);
  for (const { bin } of binaries) expect(bin).toEqual({ node: "bin/node" });
  expect(binaries.map(({ version = "" }) => problemOfNode(version))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
