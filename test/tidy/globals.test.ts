// Time, chance and the environment are arguments: who may take them from the process, and nobody else.
import { expect, test } from "vitest";
import { isNode, liesIn, nodes, place, sources, treeOf, type Node, type Source } from "./sources.ts";

/** Where the world begins: executables, the stand-ins that own time, the host that runs processes, and what drives all of it. */
const mayTakeTime = [
  "entry/",
  "build/",
  "stacks/main.ts",
  "sim/",
  "agent/hosts/",
  "agent/machine/",
  "agent/runners/",
  "test/",
  "bench/",
  "vitest.config.ts",
];
const mayReadEnvironment = ["entry/", "test/", "bench/", "stacks/main.ts", "environments/", "vitest.config.ts"];

const timers = new Set(["setTimeout", "setInterval", "setImmediate"]);
const members = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "performance.timeOrigin",
  "process.hrtime",
  "crypto.randomUUID",
  "crypto.getRandomValues",
]);
const drawn = new Set(["randomUUID", "randomBytes", "randomInt", "getRandomValues"]);

/** An adapter bounds its own requests; code that decides is given a clock. */
const mayBoundRequests = [...mayTakeTime, "cloud/aws/", "cloud/github/"];

/** `Date.now` of a member expression, however deep: the last two names. */
function memberName(node: Node): string | undefined {
  if (node.type !== "MemberExpression" || node["computed"] === true) return undefined;
  const { object, property } = node as unknown as { object: Node; property: Node };
  const owner = object.type === "MemberExpression" ? (object["property"] as Node) : object;
  return `${String(owner["name"])}.${String(property["name"])}`;
}

/** A name that stands for the value of that name, not for a field, a key or a type. */
const isReference = (node: Node, above: Node | undefined): boolean => {
  if (node.type !== "Identifier" || above === undefined) return false;
  if (above.type === "MemberExpression") return above["object"] === node;
  if (above.type === "Property" || above.type.startsWith("TS"))
    return above["value"] === node && above["shorthand"] !== true;
  return true;
};

/** What a node takes of time or chance; undefined where nothing. */
function taken(node: Node, above: Node | undefined): string | undefined {
  const member = memberName(node);
  if (member !== undefined && members.has(member)) return member;
  if (member !== undefined && timers.has(member.split(".")[1] ?? "")) return member;
  const callee = node["callee"];
  const isDate = isNode(callee) && callee["name"] === "Date";
  if (node.type === "NewExpression" && isDate && (node["arguments"] as unknown[]).length === 0) return "new Date()";
  if (node.type === "CallExpression" && isDate) return "Date()";
  if (node.type === "ImportDeclaration" && (node["source"] as { value: string }).value.startsWith("node:timers"))
    return "timers";
  const name = String(node["name"]);
  return isReference(node, above) && (timers.has(name) || drawn.has(name)) ? name : undefined;
}

const takes = (source: Source): readonly string[] =>
  [...nodes(treeOf(source))].flatMap(([node, above]) => {
    const what = taken(node, above);
    return what === undefined ? [] : [`${place(source, node)} takes ${what}`];
  });

const boundsRequests = (source: Source): readonly string[] =>
  [...nodes(treeOf(source))].flatMap(([node]) =>
    memberName(node) === "AbortSignal.timeout" ? [`${place(source, node)} takes AbortSignal.timeout`] : [],
  );

/** `process.env`, `{ env } = process`, and the module that exports both. */
function isEnvironment(node: Node): boolean {
  if (node.type === "ImportDeclaration") return (node["source"] as { value: string }).value === "node:process";
  const { id, init } = node as unknown as { id: unknown; init: unknown };
  if (node.type === "VariableDeclarator" && isNode(id) && id.type === "ObjectPattern")
    return isNode(init) && init["name"] === "process" && JSON.stringify(id).includes('"name":"env"');
  return memberName(node) === "process.env";
}
const readsEnvironment = (source: Source): readonly string[] =>
  [...nodes(treeOf(source))].flatMap(([node]) =>
    isEnvironment(node) ? [`${place(source, node)} reads process.env`] : [],
  );

test("time and chance are taken only by executables, stand-ins, the host and tests", () => {
  expect(sources.filter(({ path }) => !liesIn(path, mayTakeTime)).flatMap(takes)).toEqual([]);
});

test("only adapters, and those above, bound a request by the process's own time", () => {
  expect(sources.filter(({ path }) => !liesIn(path, mayBoundRequests)).flatMap(boundsRequests)).toEqual([]);
  expect(boundsRequests({ path: "control/x.ts", text: "fetch(a, { signal: AbortSignal.timeout(5) })" })).toHaveLength(
    1,
  );
});

test("process.env is read only by executables, and by what drives them", () => {
  expect(sources.filter(({ path }) => !liesIn(path, mayReadEnvironment)).flatMap(readsEnvironment)).toEqual([]);
});

test.each([
  "const a = Date.now();",
  "const a = new Date();",
  "const a = Date();",
  "const now = Date.now;",
  "const a = Math.random();",
  "setTimeout(a, 1);",
  "const later = setImmediate;",
  "globalThis.setInterval(a, 1);",
  "a(performance.now());",
  "a(globalThis.performance.now());",
  "a(crypto.randomUUID());",
  'import { setTimeout as sleep } from "node:timers/promises";',
  "a(randomBytes(8));",
])("the rule sees: %s", (text) => {
  expect(takes({ path: "control/x.ts", text })).not.toEqual([]);
});

test.each([
  "const a = new Date(at);",
  "const a = clock.now();",
  "const a = { setTimeout: 1 };",
  "// Date.now()",
  'const a = "Math.random()";',
  "const a = random.next();",
  "const a = Date.UTC(2026, 0, 1);",
])("the rule lets pass: %s", (text) => {
  expect(takes({ path: "control/x.ts", text })).toEqual([]);
});

test.each([
  "a(process.env.HOME)",
  'a(process.env["HOME"])',
  "a(globalThis.process.env)",
  "const { env } = process;",
  'import { env } from "node:process";',
])("the rule sees the environment read by: %s", (text) => {
  expect(readsEnvironment({ path: "control/x.ts", text })).toHaveLength(1);
});
