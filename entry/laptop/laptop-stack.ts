// The laptop's pool stack, as `cdktf deploy` would hand it to Terraform.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { StackFile } from "../../sim/stack-file.ts";
import { place } from "./environment.ts";
import { packed } from "./packed.ts";

/** Rejects with the synthesizer's message if the stacks are invalid. */
export async function laptopStack(): Promise<StackFile> {
  const ready = packed("stack");
  if (ready !== undefined) return JSON.parse(await readFile(ready, "utf8")) as StackFile;
  const folder = await mkdtemp(join(tmpdir(), "runpool-stacks-"));
  try {
    await promisify(execFile)(process.execPath, [join(import.meta.dirname, "synthesize.ts"), folder]);
    const file = join(folder, "stacks", `${place.environment}-pool`, "cdk.tf.json");
    return JSON.parse(await readFile(file, "utf8")) as StackFile;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
