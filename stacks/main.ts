// `npm run synth [-- -f FILE …] [FOLDER]`: synthesizes the stacks of the given environment files, or of every file under environments/, into
// cdktf.out, where cdktf looks for them (or the folder given).
import { readdirSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isEnvironmentFile, loadEnvironment, writtenAs } from "./environment/load.ts";
import { EnvironmentRefused } from "./environment/refused.ts";
import { lambdaCode } from "./constructs/lambda-bundle.ts";

/** npm runs its scripts in the project's folder; a path is meant from where the command was given. */
const from = process.env["INIT_CWD"] ?? process.cwd();

function given(): { readonly files: readonly string[]; readonly outdir: string } {
  const { values, positionals } = parseArgs({
    options: { file: { type: "string", short: "f", multiple: true } },
    allowPositionals: true,
  });
  const folder = fileURLToPath(new URL("../environments/", import.meta.url));
  const own = readdirSync(folder).filter(isEnvironmentFile);
  return {
    files: values.file?.map((path) => resolve(from, path)) ?? own.map((name) => join(folder, name)),
    outdir: positionals[0] ?? "cdktf.out",
  };
}

/** Files by the names that errors call them: what they are called alone, or with their folder where two are called so. */
function named(files: readonly string[]): ReadonlyMap<string, string> {
  const short = (path: string): string => basename(path, extname(path));
  const twice = (path: string): boolean => files.some((other) => other !== path && short(other) === short(path));
  return new Map([...new Set(files)].map((path) => [twice(path) ? path : short(path), path]));
}

async function synth(): Promise<void> {
  const { files, outdir } = given();
  // Bundled by a process of its own while CDKTF is loaded, which takes as long.
  const code = lambdaCode();
  const [{ synthesize }, { pastOf }, { adviceOf }] = await Promise.all([
    import("./synth.ts"),
    import("./environment/past.ts"),
    import("./environment/advice.ts"),
  ]);
  const paths = named(files);
  const problems: string[] = [];
  const contents: [string, unknown][] = [];
  for (const [name, path] of paths)
    await loadEnvironment(path).then(
      (content) => contents.push([name, content]),
      (error: unknown) => {
        if (!(error instanceof EnvironmentRefused)) throw error;
        problems.push(...error.problems);
      },
    );
  try {
    if (problems.length > 0) throw new EnvironmentRefused(problems);
    const environments = synthesize(Object.fromEntries(contents), outdir, await code);
    for (const [name, environment] of Object.entries(environments)) {
      for (const [path, said] of pastOf(environment, Date.now()))
        process.stderr.write(`${name}: ${path}: warning: ${said}\n`);
      for (const [path, said] of adviceOf(environment)) process.stderr.write(`${name}: ${path}: note: ${said}\n`);
    }
  } catch (error) {
    if (!(error instanceof EnvironmentRefused)) throw error;
    process.stderr.write(`${error.message}\n`);
    for (const [name, content] of Object.entries(error.translations)) {
      const path = paths.get(name) ?? name;
      process.stderr.write(`\n# ${path} in schema 2, without its comments:\n${writtenAs(path, content)}`);
    }
    process.exitCode = 2;
    await code.catch(() => undefined);
  }
}

await synth();
