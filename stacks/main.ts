// `npm run synth`: synthesizes the stacks of every file under environments/ into cdktf.out, where cdktf looks for them (or the folder given).
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { EnvironmentRefused } from "./environment/refused.ts";
import { lambdaCode } from "./constructs/lambda-bundle.ts";

// Bundled by a process of its own while CDKTF is loaded, which takes as long.
const code = lambdaCode();
const [{ synthesize }, { pastOf }, { adviceOf }] = await Promise.all([
  import("./synth.ts"),
  import("./environment/past.ts"),
  import("./environment/advice.ts"),
]);
const [outdir = "cdktf.out"] = process.argv.slice(2);
const folder = new URL("../environments/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const files = await Promise.all(
  names.map(async (name): Promise<[string, unknown]> => {
    const module = (await import(new URL(name, folder).href)) as { default?: unknown };
    return [basename(name, ".ts"), module.default];
  }),
);
try {
  const environments = synthesize(Object.fromEntries(files), outdir, await code);
  for (const [name, environment] of Object.entries(environments)) {
    for (const [path, said] of pastOf(environment, Date.now()))
      process.stderr.write(`${name}: ${path}: warning: ${said}\n`);
    for (const [path, said] of adviceOf(environment)) process.stderr.write(`${name}: ${path}: note: ${said}\n`);
  }
} catch (error) {
  if (!(error instanceof EnvironmentRefused)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
