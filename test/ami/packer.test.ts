// Packer's template, by Packer where it is: formatted, inspected, and valid as far as the version at hand can judge.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { readRecipe } from "../../build/recipe.ts";
import { needs } from "../tools.ts";
import { recipeFolder } from "./stand-ins.ts";

const environment = { ...process.env, CHECKPOINT_DISABLE: "1" };
const packer = (folder: string, ...words: readonly string[]) =>
  spawnSync("packer", words, { cwd: folder, env: environment, encoding: "utf8" });

/** The version; skips where there is no Packer. */
function versionOf(context: TestContext): readonly number[] {
  needs(context, "packer");
  const { stdout } = packer(recipeFolder, "version");
  return (/v(\d+)\.(\d+)\.(\d+)/.exec(stdout)?.slice(1) ?? []).map(Number);
}
const isOld = ([major = 0, minor = 0]: readonly number[]): boolean => major < 1 || (major === 1 && minor < 7);

/** What came with 1.7 and its plugins: Packer 1.6 takes each for a mistake. */
const since17 = [/^ {2}metadata_options \{\n[^}]*\}\n/m, /^ {2}imds_support += "v2\.0"\n/m];

function templateFor(version: readonly number[]): string {
  const folder = mkdtempSync(join(tmpdir(), "packer-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of readdirSync(recipeFolder).filter((one) => /\.(pkr\.hcl|json)$/.test(one)))
    cpSync(join(recipeFolder, name), join(folder, name));
  mkdirSync(join(folder, "payload"));
  if (!isOld(version)) return folder;
  rmSync(join(folder, "plugins.pkr.hcl"));
  const file = join(folder, "image.pkr.hcl");
  let text = readFileSync(file, "utf8");
  for (const part of since17) {
    expect(text).toMatch(part);
    text = text.replace(part, "");
  }
  writeFileSync(file, text);
  return folder;
}
const variables = (folder: string, variant: string): readonly string[] =>
  [
    `variant=${variant}`,
    "environment=dev",
    "region=eu-west-1",
    `payload=${join(folder, "payload")}`,
    "image_name=runpool-dev",
    'image_tags={"runpool:variant":"x"}',
    `manifest=${join(folder, "manifest.json")}`,
    "docker_for_jobs=true",
  ].flatMap((one) => ["-var", one]);

test("the template is formatted as packer fmt formats", (context) => {
  versionOf(context);
  const { status, stdout } = packer(recipeFolder, "fmt", "-check", ".");
  expect([status, stdout]).toEqual([0, ""]);
});

for (const variant of Object.keys(readRecipe(recipeFolder).variants))
  test(`${variant} is valid, as far as this Packer can judge`, (context) => {
    const version = versionOf(context);
    const folder = templateFor(version);
    if (!isOld(version) && packer(folder, "init", ".").status !== 0)
      context.skip("this Packer judges with its plugins, which cannot be fetched here");
    const { status, stdout, stderr } = packer(folder, "validate", ...variables(folder, variant), ".");
    expect([status, stdout + stderr]).toEqual([0, expect.any(String)]);
  });

test("packer inspect finds the variables, each with its description or a default", (context) => {
  const version = versionOf(context);
  const folder = templateFor(version);
  const { stdout } = packer(folder, "inspect", ...variables(folder, "ubuntu-24.04-x64"), ".");
  for (const name of ["variant", "environment", "payload", "kms_key_id", "ssh_interface"])
    expect(stdout).toContain(`var.${name}:`);
});

test("a variant that is not there, and an argument that Packer does not know, are found out", (context) => {
  const version = versionOf(context);
  if (!isOld(version)) context.skip("this Packer judges with its plugins, which are not here");
  const folder = templateFor(version);
  expect(packer(folder, "validate", ...variables(folder, "plan9"), ".").status).not.toBe(0);
  const file = join(folder, "image.pkr.hcl");
  writeFileSync(file, readFileSync(file, "utf8").replace("encrypted  ", "encripted  "));
  expect(packer(folder, "validate", ...variables(folder, "ubuntu-24.04-x64"), ".").status).not.toBe(0);
});
