// For a bundle in chunks: what is loaded late brings nothing of the start along, so that the start is one chunk and not two dozen.
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { Plugin } from "esbuild";
import { atOnce } from "./whole-bundle.ts";

/**
 * The bundler makes a chunk of what the same set of late modules shares with the start: two dozen files, each found, read and linked for
 * itself before anything runs. Where every late module imports the start, which then has run long ago, all of that is one set. Paths are
 * written from `root`: the names of chunks are sums over them too, and must be the same wherever the checkout lies.
 */
export const lateChunks = (root: string, start: string): Plugin => ({
  name: "late-chunks",
  setup: (bundling) => {
    const asked = Symbol("asked");
    const fromRoot = (path: string): string => `./${relative(root, path)}`;
    bundling.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind !== "dynamic-import" || pluginData === asked || path.startsWith("node:")) return undefined;
      const found = await bundling.resolve(path, { kind, importer, resolveDir, pluginData: asked });
      if (found.external || found.errors.length > 0) return undefined;
      return { path: fromRoot(found.path), namespace: "late" };
    });
    bundling.onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => {
      const from = JSON.stringify(path);
      const lines = [
        `import ${JSON.stringify(fromRoot(start))};`,
        `import * as all from ${from};`,
        "export default all.default;",
        `export * from ${from};`,
      ];
      return { contents: lines.join("\n"), resolveDir: root };
    });
  },
});

/**
 * For a bundle whose start asks AWS nothing: what the control plane loads once the environment has answered is loaded with the control
 * plane. In files of its own it would cost each command 10 ms.
 */
export const soonNeeded: Plugin = {
  name: "soon-needed",
  setup: (bundling) => {
    const soon = /[/](sqs-sdk|pool|saved-requests|configuration-items)[.]ts/;
    bundling.onLoad({ filter: /[\\/](control-world|settings|pause-switch)\.ts$/ }, async ({ path }) => ({
      contents: atOnce(await readFile(path, "utf8"), soon),
      loader: "ts",
    }));
  },
};
