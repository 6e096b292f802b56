// Synthesizes every stack of the given environments into a folder.
import { App } from "cdktf";
import { checkTogether, readEnvironment } from "./check-environment.ts";
import { poolStack } from "./pool-stack.ts";

/** Throws `EnvironmentRefused` before anything is written. `files`: what environment files export, by their names. */
export function synthesize(files: Readonly<Record<string, unknown>>, outdir: string): void {
  const environments = Object.entries(files).map(([source, file]) => readEnvironment(file, source));
  checkTogether(environments);
  const app = new App({ outdir, skipValidation: true });
  for (const environment of environments) {
    poolStack(app, environment);
  }
  app.synth();
}
