// The package that `npm i -g` installs: the bundled command line, and what `runpool local` stands on. No dependencies.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { laptopStacks, stackFolder } from "../entry/laptop/laptop-stack.ts";
import { packedFolder, packedParts } from "../entry/laptop/packed.ts";
import { version } from "../domain/version.ts";
import { agent, bundle, cli } from "./bundles.ts";
import { notices } from "./notices.ts";

const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
}

async function manifest(): Promise<string> {
  const { description, license, engines } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
  const about = {
    name: "runpool",
    version,
    description,
    license,
    type: "module",
    bin: { runpool: "cli/cli.mjs" },
    engines: { node: engines["node"] },
  };
  return `${JSON.stringify(about, undefined, 2)}\n`;
}

/** Those that the cloud is furnished from, and what their lambdas run. */
async function stageStacks(folder: string): Promise<void> {
  const all = await mkdtemp(join(tmpdir(), "runpool-stacks-"));
  try {
    await laptopStacks(all);
    for (const name of ["pool", "control"] as const)
      await cp(join(stackFolder(all, name), "cdk.tf.json"), join(stackFolder(folder, name), "cdk.tf.json"));
    await cp(join(all, "bundles"), join(folder, "bundles"), { recursive: true });
  } finally {
    await rm(all, { recursive: true, force: true });
  }
}

/** What of the embedded cloud is not code of the command line's own process. */
async function stageParts(folder: string): Promise<void> {
  const part = (name: keyof typeof packedParts): string => join(folder, packedParts[name]);
  await bundle(agent, folder);
  await stageStacks(part("stacks"));
  await cp(join(root, "sim", "lambda", "runtime.mjs"), part("runtime"));
  const stands = join(root, "sim", "runner");
  await mkdir(part("runner"));
  for (const name of (await readdir(stands)).filter((one) => /\.(mjs|sh)$/.test(one)).sort())
    await cp(join(stands, name), join(part("runner"), name));
  await mkdir(part("hooks"));
  for (const name of ["job-started.sh", "job-completed.sh", "job-reclaim.sh"])
    await cp(join(root, "agent", "runners", "github", "units", name), join(part("hooks"), name));
}

/** Lays the package out in a folder, which then holds nothing else. */
export async function stage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, packedFolder), { recursive: true });
  await bundle(cli, folder);
  await stageParts(join(folder, packedFolder));
  for (const name of ["LICENSE", "README.md"]) await cp(join(root, name), join(folder, name));
  await writeFile(join(folder, "THIRD-PARTY-NOTICES"), await notices(["entry/cli/cli.ts", "entry/agent/agent.ts"]));
  await writeFile(join(folder, "package.json"), await manifest());
}

/** `npm pack` of a staged folder, which gives the same bytes for the same files; the tarball's path. */
export async function pack(folder: string, destination: string): Promise<string> {
  await mkdir(destination, { recursive: true });
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: folder });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  return join(destination, packed?.filename ?? "");
}
