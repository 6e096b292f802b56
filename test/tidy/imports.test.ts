// Who may import whom: domain ← ports ← control's pool ← runs, refresh, operators ← entry; a forge's runner and a host meet in the ports alone.
import { expect, test } from "vitest";
import { importsOf, type Import } from "./imports-of.ts";
import { files, isNode, liesIn, readText, sources, treeOf, type Source } from "./sources.ts";

interface Layer {
  readonly files: readonly string[];
  /** Own files that it may import; `everything` is for those who put it all together. */
  readonly own: readonly string[] | "everything";
  /** Of these it may not import. */
  readonly not?: readonly string[];
  /** What comes from outside: packages and `node:` modules, by their beginnings. */
  readonly foreign: readonly string[] | "everything";
}

const ports = "cloud/ports/";
/** Of a machine, by its agent: the control plane sees records. */
const ofMachines = ["host", "metadata", "own-instance", "runner", "sandbox"].map((name) => `${ports}${name}.ts`);
/** The pool is asked by demands: it knows no run, no forge, and nothing that triggers either. */
const ofRuns = [`${ports}forge.ts`, `${ports}saved-requests.ts`, "domain/request.ts", "domain/outcome.ts"];
/** What the agent stands on: it knows them by their ports. */
const partsOfAgent = ["agent/machine/", "agent/hosts/", "agent/runners/"];
const bundler = "build/bundles.ts";
const sdk = "@aws-sdk/";
const layers: readonly Layer[] = [
  { files: ["domain/"], own: ["domain/"], foreign: [] },
  { files: [ports], own: ["domain/", ports], foreign: [] },
  { files: ["control/pool/"], own: ["domain/", ports, "control/pool/"], not: [...ofMachines, ...ofRuns], foreign: [] },
  {
    files: ["control/runs/"],
    own: ["domain/", ports, "control/pool/", "control/runs/", "control/world.ts"],
    not: ofMachines,
    foreign: [],
  },
  { files: ["control/"], own: ["domain/", ports, "control/"], not: ofMachines, foreign: [] },
  { files: ["agent/machine/"], own: ["domain/", ports, "agent/machine/"], foreign: ["node:"] },
  {
    files: ["agent/hosts/"],
    own: ["domain/", ports, "agent/machine/", "agent/hosts/"],
    foreign: ["systemd-notify", "node:"],
  },
  { files: ["agent/runners/"], own: ["domain/", ports, "agent/machine/", "agent/runners/"], foreign: ["node:"] },
  { files: ["agent/"], own: ["domain/", ports, "agent/"], not: partsOfAgent, foreign: [] },
  { files: ["cloud/aws/"], own: ["domain/", ports, "cloud/aws/"], foreign: [sdk, "@smithy/", "zod/mini", "node:"] },
  { files: ["cloud/github/"], own: ["domain/", ports, "cloud/github/"], foreign: ["@octokit/", "node:"] },
  { files: ["sim/"], own: ["domain/", ports, "sim/"], foreign: [sdk, "node:"] },
  {
    files: ["stacks/", "environments/"],
    // The lambda is bundled as a release bundles it: by what no executable is.
    own: ["domain/", "stacks/", "environments/", bundler],
    foreign: ["cdktf", "@cdktf/", "constructs", "yaml", "zod", "node:"],
  },
  // What puts a package together lays the laptop's parts into it.
  { files: ["build/package.ts"], own: "everything", foreign: "everything" },
  {
    files: ["build/"],
    own: ["domain/", ports, "build/", "control/operate/images/source-table.ts"],
    foreign: ["esbuild", "zod", "node:"],
  },
  { files: ["entry/"], own: "everything", foreign: "everything" },
  { files: ["test/", "bench/", "examples/", "docs/", "vitest.config.ts"], own: "everything", foreign: "everything" },
];

/** Nobody leans on what only checks or measures, nor on an executable. */
const leaves = ["test/", "bench/", "entry/"];

const layerOf = (path: string): Layer | undefined => layers.find(({ files }) => liesIn(path, files));

/** Why an import is not allowed; undefined where it is. */
function offence({ source, target, at }: Import): string | undefined {
  const layer = layerOf(source.path);
  if (layer === undefined) return `${at} lies in no layer: give it one in test/tidy/imports.test.ts`;
  const own = layerOf(target) !== undefined || target.endsWith(".ts");
  const allowed = own ? layer.own : layer.foreign;
  if (allowed === "everything") {
    const leaf = own && liesIn(source.path, ["entry/", "build/"]) && liesIn(target, ["test/", "bench/"]);
    return leaf ? `${at}: an executable imports ${target}` : undefined;
  }
  if (own && liesIn(target, leaves)) return `${at}: nobody imports ${target}`;
  if (own && liesIn(target, layer.not ?? [])) return `${at} may not import ${target}`;
  if (own ? liesIn(target, allowed) : allowed.some((beginning) => target.startsWith(beginning))) return undefined;
  return `${at} imports ${target}; allowed: ${allowed.join(", ") || "nothing"}`;
}

const offencesOf = (source: Source): readonly string[] => importsOf(source).flatMap((one) => offence(one) ?? []);

test("every import goes in an allowed direction", () => {
  expect(sources.flatMap(offencesOf)).toEqual([]);
});

test("the rule sees imports of every form, and those that it forbids", () => {
  const forbidden: readonly [string, string][] = [
    ["domain/x.ts", 'import "../control/provision.ts";'],
    ["domain/x.ts", 'import { z } from "zod";'],
    ["domain/x.ts", 'import { readFileSync } from "node:fs";'],
    ["control/x.ts", 'import type {\n  A,\n} from "../cloud/aws/fleet.ts";'],
    ["control/x.ts", 'export * from "../sim/chance.ts";'],
    ["control/x.ts", 'export { a } from "../agent/agent.ts";'],
    ["control/x.ts", 'const a = await import("../entry/cli.ts");'],
    ["control/x.ts", 'type A = import("../cloud/ports/host.ts").Host;'],
    ["agent/x.ts", 'import { a } from "../control/provision.ts";'],
    ["agent/x.ts", 'import { a } from "@aws-sdk/client-ec2";'],
    ["cloud/aws/x.ts", 'import { a } from "../github/registrar.ts";'],
    ["cloud/github/x.ts", 'import { a } from "../../sim/chance.ts";'],
    ["sim/x.ts", 'import { a } from "../control/runs/provision.ts";'],
    ["control/pool/x.ts", 'import { a } from "../runs/provision.ts";'],
    ["control/pool/x.ts", 'import type { Request } from "../../domain/request.ts";'],
    ["control/pool/x.ts", 'import type { Forge } from "../../cloud/ports/forge.ts";'],
    ["control/runs/x.ts", 'import { a } from "../refresh/refresh.ts";'],
    ["agent/x.ts", 'import { a } from "./machine/masked.ts";'],
    ["agent/x.ts", 'import { a } from "./hosts/image-spec.ts";'],
    ["agent/hosts/x.ts", 'import { a } from "../agent.ts";'],
    ["agent/hosts/process/x.ts", 'import { a } from "../../runners/github/program.ts";'],
    ["agent/runners/github/x.ts", 'import { a } from "../../hosts/process/process-set.ts";'],
    ["agent/machine/x.ts", 'import { a } from "../hosts/place-files.ts";'],
    ["cloud/aws/x.ts", 'import { a } from "../../agent/machine/masked.ts";'],
    ["cloud/ports/x.ts", 'import { a } from "../aws/clock.ts";'],
    ["build/x.ts", 'import { a } from "../entry/laptop/packed.ts";'],
    ["stacks/x.ts", 'import { a } from "../cloud/ports/clock.ts";'],
    ["entry/x.ts", 'import { a } from "../test/x.ts";'],
    ["helpers/x.ts", 'import { a } from "../domain/limits.ts";'],
  ];
  for (const [path, text] of forbidden) expect(offencesOf({ path, text }), `${path}: ${text}`).toHaveLength(1);
  const fine = 'import { a } from "./b.ts"; // import "../control/c.ts"\nconst text = `import "../entry/cli.ts"`;';
  expect(offencesOf({ path: "domain/x.ts", text: fine })).toEqual([]);
});

/** Of GitHub's and GitLab's: programs, files, products. */
const forgeWords =
  /[Gg]it[Hh]ub|[Gg]it[Ll]ab|Runner\.(?:Listener|Worker)|config\.sh|["'/ ]\.(?:runner|credentials)\b|update\.finished|\bjit\b/;

test("no host has a forge's word in it, nor has the agent's loop", () => {
  // Where shellcheck finds what is sourced there, and the made-up machine of the installation, whose record and settings are GitHub's.
  const named = (text: string) => text.replace(/^# shellcheck source=.*$/gm, "").match(forgeWords)?.[0];
  const hosts = files.filter((path) => path.startsWith("agent/hosts/") && !path.endsWith("/rehearse.mjs"));
  const loop = files.filter((path) => /^agent\/[^/]*$/.test(path));
  expect(loop.length).toBeGreaterThan(3);
  expect([...hosts, ...loop].flatMap((path) => named(readText(path)) ?? []).map(String)).toEqual([]);
  expect(named("exec Runner.Worker")).toBe("Runner.Worker");
});

/** A package may be passed on: that makes the part of it that is loaded when first needed. */
const isOwn = (from: unknown): boolean => isNode(from) && String(from["value"]).startsWith(".");

test("no file only passes our own exports on", () => {
  const passesOn = (source: Source): boolean => {
    const body = treeOf(source)["body"] as readonly { type: string; source?: unknown }[];
    return body.length > 0 && body.every(({ type, source }) => type.startsWith("Export") && isOwn(source));
  };
  expect(sources.filter(passesOn).map(({ path }) => path)).toEqual([]);
  expect(passesOn({ path: "x.ts", text: 'export * from "./a.ts"; export { b } from "./b.ts";' })).toBe(true);
});
