// The shape of files: how long, how named, how opened; and ports stay small.
import { posix } from "node:path";
import { expect, test } from "vitest";
import { files, isNode, liesIn, nodes, place, readText, sources, treeOf, type Node, type Source } from "./sources.ts";

/** Tables of facts, not programs: their length is the world's. */
const catalogues: readonly string[] = [];
const longest = { file: 300, test: 400, executable: 50, function: 60 };

const linesOf = (text: string): number => text.split("\n").length - 1;

test("no file is longer than 300 lines, no test than 400", () => {
  const tooLong = sources.flatMap(({ path, text }) => {
    const limit = liesIn(path, ["test/", "bench/"]) ? longest.test : longest.file;
    return linesOf(text) > limit && !catalogues.includes(path) ? [`${path} has ${linesOf(text)} lines`] : [];
  });
  expect(tooLong).toEqual([]);
  for (const path of catalogues)
    expect(linesOf(readText(path)), `${path} needs no exception`).toBeGreaterThan(longest.file);
});

/** An executable exports nothing. */
const isExecutable = (source: Source): boolean =>
  (treeOf(source)["body"] as Node[]).every(({ type }) => !type.startsWith("Export"));

test("an executable only wires: it has at most 50 lines", () => {
  const executables = sources.filter((source) => liesIn(source.path, ["entry/"]) && isExecutable(source));
  expect(executables.length).toBeGreaterThan(0);
  expect(executables.filter(({ text }) => linesOf(text) > longest.executable).map(({ path }) => path)).toEqual([]);
});

const isFunction = (node: Node): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);

/** The lines that a node begins on or ends on within functions below it are theirs. */
function linesOfInner(node: Node, source: Source): number {
  let lines = 0;
  for (const part of Object.values(node))
    for (const one of (Array.isArray(part) ? part : [part]).filter(isNode))
      lines += isFunction(one) ? spanOf(one, source) - 1 : linesOfInner(one, source);
  return lines;
}
const spanOf = (node: Node, { text }: Source): number => linesOf(`${text.slice(node.start, node.end)}\n`);

/** A function's own lines: without those of the functions in it, so that a factory counts as the small functions that it is. */
function longFunctions(source: Source): readonly string[] {
  const found: string[] = [];
  for (const [node] of nodes(treeOf(source))) {
    if (!isFunction(node)) continue;
    const lines = spanOf(node, source) - linesOfInner(node, source);
    if (lines > longest.function) found.push(`${place(source, node)} has ${lines} lines`);
  }
  return found;
}

test("no function has more than 60 lines of its own", () => {
  expect(sources.flatMap(longFunctions)).toEqual([]);
  const calls = "a();\n".repeat(60);
  expect(longFunctions({ path: "x.ts", text: `const f = () => {\n${calls}};` })).toEqual(["x.ts:1 has 62 lines"]);
  const factory = `function f() {\nreturn { a() {\n${calls.slice(0, 200)}}, b: () => {\n${calls.slice(0, 200)}} };\n}`;
  expect(longFunctions({ path: "x.ts", text: factory })).toEqual([]);
});

test("every source opens with one line that says what it is", () => {
  const bare = sources.filter(({ text }) => !/^(?:#!.*\n)?\/\/ \S.{15,}\n/.test(text));
  expect(bare.map(({ path }) => path)).toEqual([]);
});

test("every shell script says its shell, then what it is", () => {
  const scripts = files.filter((path) => path.endsWith(".sh") || path === ".ci/run");
  const bare = scripts.filter((path) => !/^#!\/(bin\/(ba)?sh|usr\/bin\/env bash)\n# \S.{15,}\n/.test(readText(path)));
  expect(bare).toEqual([]);
});

const vague = /^(utils?|helpers?|common|manager|services?|operations?|misc|shared|base|lib|stuff)$/;
/** Words of others: GitHub's runner has a run-helper.sh; AWS calls them service endpoints. */
const notOurs = new Set(["cloud/sim/http/service.ts", "cloud/sim/runner/run-helper.sh", "stacks/service-endpoints.ts"]);
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
    return !kebab.test(name.replace("@.", ".")) && !namedByOthers.test(name) && !path.includes("/golden/");
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

test.each([
  "cloud/ports.ts",
  "cloud/agent-ports.ts",
  "cloud/doctor-ports.ts",
  "cloud/image-ports.ts",
  "cloud/log-ports.ts",
])("every port of %s has at most six methods", (path) => {
  const ports = interfacesOf(path).filter(([, methods]) => methods > 0);
  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter(([, methods]) => methods > 6)).toEqual([]);
});

test("no class extends another, but for errors", () => {
  const heirs = sources.flatMap((source) =>
    [...nodes(treeOf(source))].flatMap(([node]) => {
      const parent = node.type.startsWith("Class") ? node["superClass"] : undefined;
      if (!isNode(parent) || /(Error|TerraformStack|Construct|EventEmitter)$/.test(String(parent["name"]))) return [];
      return [place(source, node)];
    }),
  );
  expect(heirs).toEqual([]);
});
