// A lambda's code: its entry bundled to one file, in a zip whose bytes depend on nothing but the code.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { zip } from "./zip.ts";

/** The newest runtime that every supported provider version knows. */
export const lambdaRuntime = "nodejs22.x";

export interface LambdaBundle {
  /** As seen from a stack's folder, where Terraform runs. */
  readonly filename: string;
  /** As `source_code_hash` wants it. */
  readonly sha256: string;
}

const archives = new Map<string, Buffer>();

function archiveOf(entry: string): Buffer {
  const { outputFiles } = buildSync({
    entryPoints: [join(import.meta.dirname, "..", "entry", entry)],
    write: false,
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node22",
    mainFields: ["module", "main"],
    legalComments: "none",
    // Some dependencies still call `require` for Node's own modules.
    banner: { js: 'import{createRequire as __require}from"node:module";const require=__require(import.meta.url);' },
    logLevel: "error",
  });
  return zip({ "index.mjs": outputFiles[0]?.contents ?? new Uint8Array() });
}

/** `entry`: a file of entry/ that exports `handler`. Bundled once a process, written beside the stacks' folders. */
export function lambdaBundle(entry: string, outdir: string): LambdaBundle {
  const archive = archives.get(entry) ?? archiveOf(entry);
  archives.set(entry, archive);
  const name = `${entry.replace(/\.lambda\.ts$/, "")}.zip`;
  mkdirSync(join(outdir, "bundles"), { recursive: true });
  writeFileSync(join(outdir, "bundles", name), archive);
  return {
    filename: `../../bundles/${name}`,
    sha256: createHash("sha256").update(archive).digest("base64"),
  };
}
