// `runpool synth`: the stacks of environment files, by the checkout that this command line is part of.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Unconfigured } from "../../cloud/ports/settings.ts";
import { version } from "../../domain/version.ts";
import { command } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";

/** Not there in a package, which has neither the stacks nor what they are made with. */
const program = fileURLToPath(new URL("../../stacks/main.ts", import.meta.url));

/** Throws Unconfigured where the program is not there. */
export async function synthesizeBy(path: string, words: readonly string[]): Promise<ExitCode> {
  if (!existsSync(path))
    throw new Unconfigured(
      `this is the packed command line, without the stacks: synthesize in a checkout of runpool v${version} (git checkout v${version}, npm ci), there: npm run synth -- -f FILE`,
    );
  const child = spawn(process.execPath, [path, ...words], {
    cwd: dirname(dirname(path)),
    // Of an npm that has started this: paths are absolute by now.
    env: { ...process.env, INIT_CWD: undefined },
    stdio: "inherit",
  });
  const code = await new Promise<number | null>((ended, failed) => {
    child.once("error", failed);
    child.once("close", ended);
  });
  if (code === 0) return exitCodes.done;
  return code === exitCodes.refused ? exitCodes.refused : exitCodes.failed;
}

export const synthCommand = command({
  name: "synth",
  summary: "check environment files, and make Terraform's stacks of them",
  details:
    "Reads each file (TypeScript, YAML or JSON, wherever it lies), says all that is wrong with it at once, and writes the stacks into cdktf.out of the checkout, " +
    "from where npm run cdktf deploys them. Without --file it is every file under environments/. It needs a checkout of runpool: a package of the command line has no stacks.",
  options: [
    {
      name: "file",
      short: "f",
      value: "FILE",
      repeats: true,
      help: "an environment's file; may be given more than once",
    },
    { name: "output", short: "o", value: "DIR", help: "where the stacks go; else cdktf.out of the checkout" },
  ],
  examples: [
    "runpool synth",
    "runpool synth -f ../infrastructure/runpool-prod.yaml",
    "runpool synth -f a.yaml -f b.json -o /tmp/stacks",
  ],
  placeless: true,
  run: async ({ file = "", output }) => {
    const files = file.split("\n").filter((path) => path !== "");
    const folder = output === undefined ? [] : [resolve(output)];
    return await synthesizeBy(program, [...files.flatMap((path) => ["-f", resolve(path)]), ...folder]);
  },
});
