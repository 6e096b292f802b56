// Builds the simulation with one text of the product replaced, and runs seeds on it until a promise is broken.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { edited, type Edit } from "../mutation/edit.ts";
import { simulateSeeds } from "./seeds.ts";
import type { Sabotage } from "./sabotages.ts";
import type { SimulationResult } from "./simulation.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const editing = (edits: readonly Edit[], made: Set<Edit>): Plugin => ({
  name: "sabotage",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const file = relative(root, path).split(sep).join("/");
      const own = edits.filter((edit) => edit.file === file);
      if (own.length === 0) return undefined;
      for (const edit of own) made.add(edit);
      return { contents: own.reduce(edited, readFileSync(path, "utf8")), loader: "ts" };
    });
  },
});

/** The first seed that breaks a promise; undefined where none of them does. */
export async function firstCaught({
  edits,
  rates = {},
  from = 1,
  seeds = 100,
}: Omit<Sabotage, "name">): Promise<SimulationResult | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "runpool-sabotage-"));
  try {
    const outfile = join(folder, "simulation.mjs");
    const made = new Set<Edit>();
    await build({
      entryPoints: [fileURLToPath(new URL("simulation.ts", import.meta.url))],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node24",
      logLevel: "silent",
      plugins: [editing(edits, made)],
    });
    for (const edit of edits) if (!made.has(edit)) throw new Error(`the simulation does not use ${edit.file}`);
    let caught: SimulationResult | undefined;
    await simulateSeeds({
      count: seeds,
      from,
      module: pathToFileURL(outfile).href,
      rates,
      onResult: (result) => {
        if (result.violations.length > 0) caught ??= result;
        return caught === undefined ? undefined : "stop";
      },
    });
    return caught;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
