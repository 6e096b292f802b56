// The lambdas' code: each entry bundled as a release bundles it, in a zip whose bytes depend on nothing but the code.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, lambdas, type Executable } from "../../build/bundles.ts";
import { zip } from "./zip.ts";

/** The newest runtime that every supported provider version knows. */
export const lambdaRuntime = "nodejs22.x";

/** The archive of a lambda, by its name, with files of an environment's own beside the code. */
export type LambdaCode = (name: string, files?: Readonly<Record<string, Uint8Array>>) => Buffer;

/** A placeholder, for synthesizing without building lambdas. */
export const noCode: LambdaCode = (_, files = {}) => zip(files);

/** Of the lambdas given: all that there are, in a folder of their own or another. */
export async function lambdaCode(built: readonly Executable[] = lambdas()): Promise<LambdaCode> {
  const directory = await mkdtemp(join(tmpdir(), "runpool-lambda-"));
  try {
    const code = new Map<string, Uint8Array>();
    for (const one of built) {
      const { entry } = await bundle(one, directory);
      code.set(one.name, await readFile(entry));
    }
    return (name, files = {}) => {
      const found = code.get(`${name}.lambda`);
      if (found === undefined) throw new Error(`missing entry/lambdas/${name}.lambda.ts`);
      return zip({ "index.mjs": found, ...files });
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface LambdaArchive {
  /** As seen from a stack's folder, where Terraform runs. */
  readonly filename: string;
  /** As `source_code_hash` wants it. */
  readonly sha256: string;
}

/** Written beside the stacks' folders. */
export function writeArchive(name: string, archive: Buffer, outdir: string): LambdaArchive {
  mkdirSync(join(outdir, "bundles"), { recursive: true });
  writeFileSync(join(outdir, "bundles", `${name}.zip`), archive);
  return {
    filename: `../../bundles/${name}.zip`,
    sha256: createHash("sha256").update(archive).digest("base64"),
  };
}
