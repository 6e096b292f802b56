// Synthesizes environment files into a folder of the test's own and reads the stacks back.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StackFile } from "../../sim/stack-file.ts";
import example from "../../environments/example.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { noCode } from "../../stacks/constructs/lambda-bundle.ts";
import { synthesize } from "../../stacks/synth.ts";

export type Stacks = Readonly<Record<string, StackFile>>;

export const exampleWith = (changes: Partial<EnvironmentFile>): EnvironmentFile => ({ ...example, ...changes });

/** Of what machines are by default. */
export const machines = (changes: Partial<EnvironmentFile["defaults"]>): Pick<EnvironmentFile, "defaults"> => ({
  defaults: { ...example.defaults, ...changes },
});

/** Reads what these files are synthesized to. */
function readSynthesized<T>(files: readonly EnvironmentFile[], read: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "runpool-synth-"));
  try {
    synthesize(Object.fromEntries(files.map((file, at) => [`${file.name}-${at}`, file])), folder, noCode);
    return read(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every stack of these files by its name. */
export const synthesized = (...files: readonly EnvironmentFile[]): Stacks =>
  readSynthesized(files, (folder) => {
    const stacks = join(folder, "stacks");
    return Object.fromEntries(
      readdirSync(stacks).map((name) => [
        name,
        JSON.parse(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8")) as StackFile,
      ]),
    );
  });

/** By stack, the stacks that it depends on, as the command line of CDKTF reads them. */
export const dependenciesOf = (...files: readonly EnvironmentFile[]): Readonly<Record<string, readonly string[]>> =>
  readSynthesized(files, (folder) => {
    const text = readFileSync(join(folder, "manifest.json"), "utf8");
    const { stacks } = JSON.parse(text) as { stacks: Record<string, { dependencies: readonly string[] }> };
    return Object.fromEntries(Object.entries(stacks).map(([name, { dependencies }]) => [name, dependencies]));
  });

/** By stack, the lock of its providers. */
export const locksOf = (...files: readonly EnvironmentFile[]): Readonly<Record<string, string>> =>
  readSynthesized(files, (folder) => {
    const stacks = join(folder, "stacks");
    const lockOf = (name: string) => readFileSync(join(stacks, name, ".terraform.lock.hcl"), "utf8");
    return Object.fromEntries(readdirSync(stacks).map((name) => [name, lockOf(name)]));
  });

export function stackNamed(stacks: Stacks, name: string): StackFile {
  const found = stacks[name];
  if (found === undefined) throw new Error(`no stack ${name}; there are ${Object.keys(stacks).join(", ")}`);
  return found;
}
