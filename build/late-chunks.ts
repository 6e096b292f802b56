// For a bundle in chunks: what is loaded late brings nothing of the start along, so that the start is one chunk and not two dozen.
import { relative } from "node:path";
import type { Plugin } from "esbuild";

/** Modules by their paths from the root. */
export interface Stages {
  /** What the bundle's start is. */
  readonly start: string;
  /** What nearly all that comes late is loaded after, itself late: a chunk of its own, of which the others bring nothing along either. */
  readonly base?: string;
  /** Late modules that are needed one right after the other: one chunk of all of them. */
  readonly together?: readonly string[];
}

/**
 * The bundler makes a chunk of what the same set of late modules shares with the start: two dozen files, each found, read and linked for
 * itself before anything runs. Where every late module imports the start, which then has run long ago, all of that is one set. Paths are
 * written from `root`: the names of chunks are sums over them too, and must be the same wherever the checkout lies.
 */
export const lateChunks = (root: string, { start, base, together = [] }: Stages): Plugin => ({
  name: "late-chunks",
  setup: (bundling) => {
    const asked = Symbol("asked");
    bundling.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind !== "dynamic-import" || pluginData === asked || path.startsWith("node:")) return undefined;
      const found = await bundling.resolve(path, { kind, importer, resolveDir, pluginData: asked });
      if (found.external || found.errors.length > 0) return undefined;
      const late = relative(root, found.path);
      return { path: together.includes(late) ? "together" : late, namespace: "late" };
    });
    bundling.onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => {
      const from = (late: string): string => JSON.stringify(`./${late}`);
      const before = [start, base].slice(0, path === start ? 0 : path === base ? 1 : 2);
      const all = path === "together" ? together : [path];
      const lines = [
        ...before.flatMap((earlier) => (earlier === undefined ? [] : [`import ${from(earlier)};`])),
        ...(all.length === 1 ? [`import * as all from ${from(path)};`, "export default all.default;"] : []),
        ...all.map((late) => `export * from ${from(late)};`),
      ];
      return { contents: lines.join("\n"), resolveDir: root };
    });
  },
});
