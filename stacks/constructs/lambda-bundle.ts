// A lambda's code: its entry bundled as a release bundles it, in a zip whose bytes depend on nothing but the code.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, lambda } from "../../build/bundles.ts";
import { zip } from "./zip.ts";

/** The newest runtime that every supported provider version knows. */
export const lambdaRuntime = "nodejs22.x";

/** Archives by the lambda's name. */
export interface LambdaCode {
  readonly refresh: Buffer;
  /** The same with files of an environment's own beside the code. */
  readonly refreshWith: (files: Readonly<Record<string, Uint8Array>>) => Buffer;
}

/** For who looks at other stacks than the control stack, and deploys none. */
export const noCode: LambdaCode = { refresh: zip({}), refreshWith: zip };

export async function lambdaCode(): Promise<LambdaCode> {
  const directory = await mkdtemp(join(tmpdir(), "runpool-lambda-"));
  try {
    const { entry } = await bundle(lambda("refresh"), directory);
    const code = { "index.mjs": await readFile(entry) };
    return { refresh: zip(code), refreshWith: (files) => zip({ ...code, ...files }) };
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
