// The real Terraform, offline where the AWS provider is on this machine: working folders as `cdktf` makes them, and their commands.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, type TestContext } from "vitest";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { lambdaCode } from "../../stacks/constructs/lambda-bundle.ts";
import { synthesize } from "../../stacks/synth.ts";
import { motoMissing, startMoto } from "../contract/moto.ts";
import { missing } from "../tools.ts";
import { pluginDirectory } from "./terraform-provider.ts";

const absent = missing("terraform");
const plugins = pluginDirectory();

/** Why Terraform cannot be used here; undefined where it can. */
export const terraformMissing: string | undefined =
  absent ??
  (plugins === undefined
    ? "no mirror of the AWS provider found (RUNPOOL_TF_PLUGIN_DIR names one), and it could not be fetched"
    : undefined);

const locked = /version +=? "([^"]+)"/.exec(
  readFileSync(join(import.meta.dirname, "..", "..", "stacks", "terraform.lock.hcl"), "utf8"),
)?.[1];
const lockedIsHere =
  plugins !== undefined &&
  readdirSync(join(plugins, "registry.terraform.io/hashicorp/aws")).some((name) => name.includes(String(locked)));

const code = await lambdaCode();

export interface Ran {
  readonly code: number;
  readonly output: string;
}

export interface Workspace {
  readonly stacks: readonly string[];
  /** Runs in a stack's folder; resolves whatever the exit code. */
  run(stack: string, ...args: readonly string[]): Promise<Ran>;
  /** Synthesizes again, other files of the same stacks; what is deployed is known still. */
  describe(files: readonly EnvironmentFile[]): void;
  /** Takes over the providers that `init` has laid out for another stack: all have the same. */
  initializedAs(stack: string, other: string): void;
  /** Writes an override beside a stack, which Terraform merges into it from then on. */
  override(stack: string, name: string, contents: object): void;
}

/** The provider's settings for a place without AWS: nothing is asked of it but what `endpoint` answers. */
const withoutAws = (endpoint: string | undefined) => ({
  skip_credentials_validation: true,
  skip_metadata_api_check: "true",
  skip_region_validation: true,
  ...(endpoint === undefined ? { allowed_account_ids: [], skip_requesting_account_id: true } : {}),
});

/** Synthesizes into a folder of the test's own, with an override beside each stack that takes AWS out of it. */
export function workspaceOf(files: readonly EnvironmentFile[], endpoint?: string): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "runpool-terraform-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // The project around `cdktf.out`, for the command that guards a destroy.
  const project = join(import.meta.dirname, "..", "..");
  for (const name of ["entry", "node_modules"]) symlinkSync(join(project, name), join(folder, name));
  const out = join(folder, "cdktf.out");
  const synthesizeAll = (described: readonly EnvironmentFile[]): void =>
    void synthesize(Object.fromEntries(described.map((file) => [file.name, file])), out, code);
  synthesizeAll(files);
  const stacks = readdirSync(join(out, "stacks"));
  const override: Workspace["override"] = (stack, name, contents) =>
    writeFileSync(join(out, "stacks", stack, `${name}_override.tf.json`), JSON.stringify(contents));
  const leaveAws = (): void => {
    for (const stack of stacks) {
      override(stack, "without_aws", { provider: { aws: [withoutAws(endpoint)] } });
      // A machine's mirror may have another version than the one that is locked.
      if (!lockedIsHere) rmSync(join(out, "stacks", stack, ".terraform.lock.hcl"));
    }
  };
  leaveAws();
  const describe: Workspace["describe"] = (changed) => {
    synthesizeAll(changed);
    leaveAws();
  };
  const configuration = join(folder, "terraform.rc");
  writeFileSync(
    configuration,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(plugins)}\n  }\n}\n`,
  );
  const env = {
    ...process.env,
    CHECKPOINT_DISABLE: "1",
    TF_CLI_CONFIG_FILE: configuration,
    TF_IN_AUTOMATION: "1",
    // Each command reads the provider's schemas, a third of a gigabyte, and ends: to collect garbage meanwhile takes a fifth of its time.
    GOGC: "400",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint }),
  };
  const run = (stack: string, ...args: readonly string[]): Promise<Ran> =>
    new Promise((resolve, reject) => {
      const child = spawn("terraform", [...args, "-no-color"], { cwd: join(out, "stacks", stack), env });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += String(part)));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? 1, output }));
    });
  const initializedAs: Workspace["initializedAs"] = (stack, other) =>
    symlinkSync(join(out, "stacks", other, ".terraform"), join(out, "stacks", stack, ".terraform"));
  return { stacks, run, override, describe, initializedAs };
}

/** A workspace whose AWS is moto, for this test alone; skips it where Terraform or moto is missing. */
export async function onMoto(
  context: Pick<TestContext, "skip">,
  files: readonly EnvironmentFile[],
): Promise<{ readonly url: string; readonly workspace: Workspace }> {
  if (terraformMissing !== undefined) context.skip(terraformMissing);
  const why = motoMissing();
  if (why !== undefined) context.skip(why);
  const moto = await startMoto();
  onTestFinished(() => moto.stop());
  return { url: moto.url, workspace: workspaceOf(files, moto.url) };
}
