// Where the AWS provider is for Terraform: in a mirror of this machine, or fetched once by Terraform itself.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { missing } from "../tools.ts";

const provider = "registry.terraform.io/hashicorp/aws";
/** As stacks/constructs/ground.ts has it. */
const version = ">= 5.100.0, < 7.0.0";
/** Some 150 MB are fetched, once. */
const longestMs = 5 * 60_000;

/** The first mirror within four steps of the root. */
function mirror(): string | undefined {
  const look = ["/", "-xdev", "-maxdepth", "5", "-type", "d", "-path", `*/${provider}`, "-print", "-quit"];
  const { stdout } = spawnSync("find", look, { encoding: "utf8" });
  const found = (stdout ?? "").trim();
  return found === "" ? undefined : found.slice(0, -provider.length - 1);
}

/** As a person's own Terraform finds it: from the network, unless their configuration says otherwise. Undefined where it cannot. */
function fetchInto(kept: string): string | undefined {
  if (existsSync(join(kept, provider))) return kept;
  mkdirSync(dirname(kept), { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "runpool-provider-"));
  const filling = mkdtempSync(`${kept}-`);
  try {
    const wanted = { terraform: { required_providers: { aws: { source: "hashicorp/aws", version } } } };
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify(wanted));
    const env = { ...process.env, CHECKPOINT_DISABLE: "1", TF_PLUGIN_CACHE_DIR: filling };
    const { status } = spawnSync("terraform", ["init", "-input=false"], { cwd: folder, env, timeout: longestMs });
    if (status !== 0 || !existsSync(join(filling, provider))) return undefined;
    // Whole or not at all: another test may be fetching too.
    if (!existsSync(kept)) renameSync(filling, kept);
    return kept;
  } finally {
    for (const made of [folder, filling]) rmSync(made, { recursive: true, force: true });
  }
}

/** A folder with the AWS provider unpacked: as RUNPOOL_TF_PLUGIN_DIR says, a mirror of this machine, or fetched. Undefined where there is no Terraform. */
export function pluginDirectory(): string | undefined {
  if (missing("terraform") !== undefined) return undefined;
  const told = process.env["RUNPOOL_TF_PLUGIN_DIR"];
  if (told !== undefined) return existsSync(join(told, provider)) ? told : undefined;
  return mirror() ?? fetchInto(join(import.meta.dirname, "..", "..", "node_modules", ".cache", "terraform-providers"));
}
