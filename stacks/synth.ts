// Synthesizes every stack of the given environments into a folder.
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { accountStack } from "./account-stack.ts";
import { checkTogether, readEnvironments } from "./environment/check-environment.ts";
import { controlStack } from "./control-stack.ts";
import type { Environment } from "./environment/environment.ts";
import type { LambdaCode } from "./constructs/lambda-bundle.ts";
import { observabilityStack } from "./observability-stack.ts";
import { poolStack } from "./pool-stack.ts";

/** Throws `EnvironmentRefused` before anything is written. `files`: what environment files export, by their names; by these it gives what it read. */
export function synthesize(
  files: Readonly<Record<string, unknown>>,
  outdir: string,
  code: LambdaCode,
): Readonly<Record<string, Environment>> {
  const read = readEnvironments(files);
  const environments = Object.values(read);
  checkTogether(environments, Object.keys(read));
  const app = new App({ outdir, skipValidation: true });
  const accounts = Map.groupBy(environments, ({ account }) => account);
  for (const together of accounts.values()) {
    // Nothing depends on it: the CLI would refuse to deploy an environment without it, and to destroy it while environments are described.
    accountStack(app, together);
    for (const environment of together) {
      const pool = poolStack(app, environment);
      const control = controlStack(app, environment, code);
      const observability = observabilityStack(app, environment);
      control.addDependency(pool);
      observability.addDependency(control);
    }
  }
  app.synth();
  lockProviders(outdir);
  return read;
}

/** Beside every stack, so that Terraform takes the provider whose checksums are kept here, and refuses any other. */
function lockProviders(outdir: string): void {
  const stacks = join(outdir, "stacks");
  for (const name of readdirSync(stacks))
    copyFileSync(join(import.meta.dirname, "terraform.lock.hcl"), join(stacks, name, ".terraform.lock.hcl"));
}
