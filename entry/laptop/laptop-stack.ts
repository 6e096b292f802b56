// The laptop's stacks, as `cdktf deploy` would hand them to Terraform.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { StackFile } from "../../sim/stack-file.ts";
import { place } from "./environment.ts";
import { packed } from "./packed.ts";

type StackName = "pool" | "control";

/** Where a stack lies in the folder that they are synthesized into. */
export const stackFolder = (folder: string, name: StackName): string =>
  join(folder, "stacks", `${place.environment}-${name}`);

export const readStack = async (folder: string, name: StackName): Promise<StackFile> =>
  JSON.parse(await readFile(join(stackFolder(folder, name), "cdk.tf.json"), "utf8")) as StackFile;

const synthesized = (...words: readonly string[]) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, "synthesize.ts"), ...words]);

/** The folder with the stacks and the code of their lambdas: the package's, or the one given. Rejects with the synthesizer's message if they are invalid. */
export async function laptopStacks(folder: string): Promise<string> {
  const ready = packed("stacks");
  if (ready === undefined) await synthesized(folder, "--with-code");
  return ready ?? folder;
}

/** The pool stack alone, which needs no lambda's code. */
export async function laptopPool(): Promise<StackFile> {
  const folder = await mkdtemp(join(tmpdir(), "runpool-stacks-"));
  try {
    await synthesized(folder);
    return await readStack(folder, "pool");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
