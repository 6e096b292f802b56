// The shape of files: how named, how opened; and ports stay small. Lengths are warnings of `npm run check` (lengths.ts).
import { posix } from "node:path";
import { expect, test } from "vitest";
import { files, isNode, nodes, place, readText, sources, treeOf, type Node } from "./sources.ts";

test("every source opens with one line that says what it is", () => {
  const bare = sources.filter(({ text }) => !/^(?:#!.*\n)?\/\/ \S.{15,}\n/.test(text));
  expect(bare.map(({ path }) => path)).toEqual([]);
});

test("every shell script says its shell, then what it is", () => {
  const scripts = files.filter((path) => path.endsWith(".sh") || path === ".ci/run");
  const bare = scripts.filter((path) => !/^#!\/(bin\/(ba)?sh|usr\/bin\/env bash)\n# \S.{15,}\n/.test(readText(path)));
  expect(bare).toEqual([]);
});

test("every npm script that starts TypeScript says first whether Node is too old for it", () => {
  const { scripts } = JSON.parse(readText("package.json")) as { scripts: Readonly<Record<string, string>> };
  const started = Object.entries(scripts).filter(
    ([name, line]) => /^node \S+\.ts( |$)/.test(line) && !name.startsWith("check:"),
  );
  expect(started.length).toBeGreaterThan(10);
  const unchecked = started.filter(([name]) => scripts[`pre${name}`] !== "node entry/node-version.cjs");
  expect(unchecked.map(([name]) => name)).toEqual([]);
});

const vague = /^(utils?|helpers?|common|manager|services?|operations?|misc|shared|base|lib|stuff)$/;
/** Words of others: GitHub's runner has a run-helper.sh; AWS calls them service endpoints. */
const notOurs = new Set(["sim/http/service.ts", "sim/runner/run-helper.sh", "stacks/constructs/service-endpoints.ts"]);
/** Files that other programs want named so. */
const namedByOthers = /^(README|LICENSE|CHANGELOG|SECURITY|CONTRIBUTING|CODEOWNERS|Dockerfile|Makefile|\.)/;

const isVague = (path: string): boolean =>
  path.split("/").some((part) => (part.split(".")[0] ?? "").split("-").some((word) => vague.test(word))) ||
  /(^|\/)index\.[jt]s$/.test(path);

test("names say what a file is: none is a `utils`, a `common`, a `manager` or an index", () => {
  expect(files.filter((path) => isVague(path) && !notOurs.has(path))).toEqual([]);
  for (const path of notOurs) expect(isVague(path), `${path} needs no exception`).toBe(true);
  for (const path of ["a/utils.ts", "common/a.ts", "a/string-helpers.ts", "a/index.ts", "a/pool-manager.test.ts"])
    expect(isVague(path), path).toBe(true);
});

test("names are kebab-case, but for systemd's templates, which end in @", () => {
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
  const odd = files.filter((path) => {
    const name = posix.basename(path);
    return !kebab.test(name.replace("@.", ".")) && !namedByOthers.test(name);
  });
  expect(odd).toEqual([]);
});

const interfacesOf = (path: string): readonly [string, number][] =>
  [...nodes(treeOf({ text: readText(path) }))].flatMap(([node]): [string, number][] => {
    if (node.type !== "TSInterfaceDeclaration") return [];
    const { id, body } = node as unknown as { id: { name: string }; body: { body: readonly Node[] } };
    const methods = body.body.filter((member) => {
      const type = member["typeAnnotation"];
      const inner = isNode(type) ? type["typeAnnotation"] : undefined;
      return member.type === "TSMethodSignature" || (isNode(inner) && inner.type === "TSFunctionType");
    });
    return [[id.name, methods.length]];
  });

/** A forge's whole half on a machine, and a host's: each is what a new forge or a new host has to bring. */
const whole: Readonly<Record<string, number>> = { Runner: 8, Sandbox: 13 };

test("every port has at most six methods, but for the two that are a forge's and a host's whole half", () => {
  const ports = files.filter((path) => path.startsWith("cloud/ports/")).flatMap(interfacesOf);
  expect(ports.filter(([, methods]) => methods > 0).length).toBeGreaterThan(20);
  expect(ports.filter(([name, methods]) => methods > (whole[name] ?? 6))).toEqual([]);
});

test("no class extends another, but for errors", () => {
  const heirs = sources.flatMap((source) =>
    [...nodes(treeOf(source))].flatMap(([node]) => {
      const parent = node.type.startsWith("Class") ? node["superClass"] : undefined;
      if (!isNode(parent) || /(Error|OutOfReach|TerraformStack|Construct|EventEmitter)$/.test(String(parent["name"])))
        return [];
      return [place(source, node)];
    }),
  );
  expect(heirs).toEqual([]);
});
