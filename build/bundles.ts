// The executables as they are shipped: each an ESM bundle with everything in it but Node, its bytes depending on nothing but the code.
import { readdirSync } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { builtinModules } from "node:module";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { instanceBundle } from "./instance-bundle.ts";
import { lateChunks, type Stages } from "./late-chunks.ts";
import { wholeBundle } from "./whole-bundle.ts";

const root = join(import.meta.dirname, "..");
const handlers = "entry/lambdas";

/** `folder`: an entry file and chunks that it loads when they are first needed. `file`: one file, for where one is copied alone. */
export interface Executable {
  /** `cli`, `agent`, `refresh.lambda`. */
  readonly name: string;
  /** Its entry file, below the project's root. */
  readonly source: string;
  readonly form: "folder" | "file";
  readonly node: "node22" | "node24";
  /** All of it is loaded at each start, nothing later. */
  readonly whole?: boolean;
  /** It runs on an instance, whose credentials are the environment's or the instance metadata's: the other ways to have some are left out. */
  readonly onInstance?: boolean;
  /** It uses `@actions/core`. Only then it is looked for, at each of thousands of imports. */
  readonly onActions?: boolean;
  /** What is loaded when: without it the bundler's own chunks. */
  readonly stages?: Stages;
  /** Further entry files beside its own, which share its chunks. */
  readonly also?: readonly string[];
}

/** Where a bundle's entry lies below the directory that it is built into. */
const entryOf = ({ name, form }: Executable): string => (form === "folder" ? join(name, `${name}.mjs`) : `${name}.mjs`);

export const agent: Executable = {
  name: "agent",
  source: "entry/agent/agent.ts",
  form: "file",
  node: "node24",
  onInstance: true,
};

/** What the control plane loads while its first call is under way (`entry/control-world.ts`). */
export const together = ["configuration-items", "pool", "saved-requests"].map((name) => `cloud/aws/${name}.ts`);

/** The oldest Node that is maintained, and has what is used (`entry/cli/node-version.ts`). */
export const cli: Executable = {
  name: "cli",
  source: "entry/cli/cli.ts",
  form: "folder",
  node: "node22",
  stages: {
    start: "entry/cli/run.ts",
    base: "entry/control-world.ts",
    together,
  },
};

const known: readonly Executable[] = [
  cli,
  // Actions and machines have Node 24.
  {
    name: "action",
    source: "entry/action/action.ts",
    form: "folder",
    node: "node24",
    onActions: true,
    stages: { start: "entry/action/act.ts", together },
    also: ["entry/action/action-post.ts"],
  },
  agent,
];

/** Lambda's newest runtime that every supported Terraform provider knows is Node 22. */
export const lambda = (name: string, folder = handlers): Executable => ({
  name: `${name}.lambda`,
  source: `${folder}/${name}.lambda.ts`,
  form: "file",
  node: "node22",
  whole: true,
});

/** One a handler file. */
export const lambdas = (): readonly Executable[] =>
  readdirSync(join(root, handlers))
    .filter((file) => file.endsWith(".lambda.ts"))
    .map((file) => lambda(basename(file, ".lambda.ts")));

/** All of them. */
export const executables = (): readonly Executable[] => [...known, ...lambdas()];

/**
 * An ESM `import` of one of Node's own modules reads every one of its exports at once, the lazy ones too: `node:http` then loads
 * undici, `node:util` a diff and a text decoder, 25 ms in all. Taken by `process.getBuiltinModule` only what is used is read.
 */
const builtins: Plugin = {
  name: "builtins",
  setup: (bundling) => {
    const names = new Set(builtinModules);
    bundling.onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, "");
      if (!names.has(name) && !path.startsWith("node:")) return undefined;
      return { path: `node:${name}`, namespace: kind === "import-statement" ? "builtin" : "builtin-whole" };
    });
    bundling.onLoad({ filter: /.*/, namespace: "builtin-whole" }, ({ path }) => ({
      contents: `module.exports = ${taken(path)};`,
    }));
    bundling.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({ contents: byName(path) }));
  },
};

const taken = (path: string): string => `process.getBuiltinModule(${JSON.stringify(path)})`;

/** A name that is never imported is left out by the bundler, and so is never read. */
function byName(path: string): string {
  const exported = Object.getOwnPropertyNames(process.getBuiltinModule(path) ?? {}).filter(
    (name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default",
  );
  const lines = exported.map((name, at) => `const v${at} = /* @__PURE__ */ (() => m.${name})();`);
  const list = exported.map((name, at) => `v${at} as ${name}`).join(", ");
  return [`const m = ${taken(path)};`, "export default m;", ...lines, `export { ${list} };`].join("\n");
}

/**
 * `@actions/core` brings an HTTP client for identity tokens and a shell for the platform's details, neither of which is used. None of its
 * modules does anything by being loaded, so what is not used is left out: 430 KB and 30 ms.
 */
const core: Plugin = {
  name: "core",
  setup(build) {
    const asked = Symbol("asked");
    build.onResolve({ filter: /^(@actions\/|\.{1,2}\/)/ }, async ({ path, pluginData, ...rest }) => {
      const ofCore = path.startsWith("@actions/") || /[\\/]node_modules[\\/]@actions[\\/]/.test(rest.importer);
      if (!ofCore || pluginData === asked) return undefined;
      const found = await build.resolve(path, { ...rest, pluginData: asked });
      return { ...found, sideEffects: false };
    });
  },
};

const options = ({ node, whole, onInstance, onActions, stages }: Executable): BuildOptions => ({
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: "node",
  format: "esm",
  target: node,
  // The ESM builds of the SDK: what is not used is left out.
  mainFields: ["module", "main"],
  legalComments: "none",
  outExtension: { ".js": ".mjs" },
  plugins: [
    ...(stages === undefined ? [] : [lateChunks(root, stages)]),
    builtins,
    ...(onActions === true ? [core] : []),
    ...(onInstance === true ? [instanceBundle] : []),
    ...(whole === true ? [wholeBundle] : []),
  ],
  logLevel: "error",
});

export interface Built {
  readonly name: string;
  /** Path of the entry file. */
  readonly entry: string;
  /** Of the entry file, bytes. */
  readonly entryBytes: number;
}

/** Bundles `source` (by default the executable's own) into the directory, which then holds nothing older of it. */
export async function bundle(executable: Executable, directory: string, source?: string): Promise<Built> {
  const { name, form, also = [] } = executable;
  const outdir = form === "folder" ? join(directory, name) : directory;
  const entry = join(directory, entryOf(executable));
  await rm(form === "folder" ? outdir : entry, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await build({
    ...options(executable),
    entryPoints: {
      [name]: resolve(root, source ?? executable.source),
      ...Object.fromEntries(also.map((other) => [basename(other, ".ts"), join(root, other)])),
    },
    outdir,
    ...(form === "folder" ? { splitting: true, chunkNames: "[name]-[hash]" } : {}),
  });
  return { name, entry, entryBytes: (await stat(entry)).size };
}
