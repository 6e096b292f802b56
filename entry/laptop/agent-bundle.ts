// Building the agent's bundle, as an image has it: one ESM file.
import { build } from "esbuild";
import { join } from "node:path";

/** Writes `agent.mjs` into the folder and gives its path. */
export async function buildAgent(directory: string): Promise<string> {
  const outfile = join(directory, "agent.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "..", "agent.ts")],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    // Some dependencies still call `require` for Node's own modules.
    banner: { js: 'import{createRequire as __require}from"node:module";const require=__require(import.meta.url);' },
    logLevel: "error",
  });
  return outfile;
}
