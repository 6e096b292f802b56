// The programs that tests start by name, and the test files that stand on them.
import { importsOf } from "./imports-of.ts";
import { isNode, nodes, place, sources, treeOf, type Node, type Source } from "./sources.ts";

const asking = "test/tools.ts";
const starting = /^(?:spawn|spawnSync|execFile|execFileSync)$/;

const textOf = (node: unknown): string | undefined =>
  isNode(node) && typeof node["value"] === "string" ? node["value"] : undefined;
const nameOf = (node: unknown): string => (isNode(node) && typeof node["name"] === "string" ? node["name"] : "");
const argumentsOf = (call: Node): readonly unknown[] => call["arguments"] as readonly unknown[];

/** Calls of `name(…)` in a source. */
function* callsOf(source: Source, name: RegExp): Generator<Node> {
  for (const [node] of nodes(treeOf(source)))
    if (node.type === "CallExpression" && name.test(nameOf(node["callee"]))) yield node;
}

/** `run("aws", ["--version"])`: `execFile`, promisified. */
const withList = (call: Node): boolean => {
  const second = argumentsOf(call)[1];
  return isNode(second) && second.type === "ArrayExpression";
};

export interface Started {
  readonly program: string;
  readonly at: string;
}

/** What a source starts by a name that is written out. */
export const startedBy = (source: Source): readonly Started[] =>
  importsOf(source).some(({ target }) => target === "node:child_process")
    ? [...callsOf(source, starting), ...[...callsOf(source, /^run$/)].filter(withList)].flatMap((call) => {
        const program = textOf(argumentsOf(call)[0]);
        return program === undefined || program.startsWith("/") ? [] : [{ program, at: place(source, call) }];
      })
    : [];

/** What a source asks for. */
export const askedBy = (source: Source): readonly string[] =>
  [...callsOf(source, /^(?:needs|missing|guestMissing)$/)].flatMap((call) =>
    argumentsOf(call).flatMap((argument) => textOf(argument) ?? []),
  );

export const ofTests: readonly Source[] = sources.filter(({ path }) => path.startsWith("test/"));

/** Test files that ask for programs: they import test/tools.ts, at whatever distance within test/. */
export function toolTests(): readonly string[] {
  const byPath = new Map(ofTests.map((source) => [source.path, source]));
  const stands = new Map<string, boolean>();
  const standsOnTools = (path: string): boolean => {
    const source = byPath.get(path);
    if (source === undefined) return false;
    const known = stands.get(path);
    if (known !== undefined) return known;
    // An import that leads back here adds nothing.
    stands.set(path, false);
    const found = path === asking || importsOf(source).some(({ target }) => standsOnTools(target));
    stands.set(path, found);
    return found;
  };
  return [...byPath.keys()].filter((path) => path.endsWith(".test.ts") && standsOnTools(path));
}
