// Packer as a child process: template and payload in, an image's id out.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { Unconfigured } from "../../../cloud/ports/settings.ts";

export interface PackerRun {
  /** The folder of the template. */
  readonly folder: string;
  readonly variables: Readonly<Record<string, string | boolean | Readonly<Record<string, string>>>>;
  /** Every line that Packer says. */
  readonly say: (line: string) => void;
  readonly cancel: AbortSignal;
}

/** Packer takes values as HCL: text as it is, anything else as JSON, which is HCL too. */
const asArguments = (variables: PackerRun["variables"]): readonly string[] =>
  Object.entries(variables).flatMap(([name, value]) => [
    "-var",
    `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);

/** Throws PackerFailed with Packer's last lines. On cancel Packer gets SIGINT, and removes its instance and keys before it ends. */
async function packer(run: PackerRun, words: readonly string[]): Promise<void> {
  // A group of its own: the terminal's own INT would reach it beside ours, and a second one makes Packer give up its clean-up.
  const child = spawn("packer", words, {
    cwd: run.folder,
    env: { ...process.env, CHECKPOINT_DISABLE: "1", PACKER_NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((one) => one.trim() !== "")) {
        run.say(line);
        last.push(line.trim());
        if (last.length > 12) last.shift();
      }
    });
  }
  const stop = (): void => void child.kill("SIGINT");
  run.cancel.addEventListener("abort", stop);
  try {
    const code = await new Promise<number>((done, failed) => {
      child.once("error", failed);
      child.once("close", (ended) => done(ended ?? -1));
    });
    if (code !== 0) throw new PackerFailed(`packer ${words[0] ?? ""} ended with ${code}:\n${last.join("\n")}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new Unconfigured("packer is not on the PATH: install it (1.9 or newer)");
    throw error;
  } finally {
    run.cancel.removeEventListener("abort", stop);
  }
}

export class PackerFailed extends Error {
  override readonly name = "PackerFailed";
}

export async function validateTemplate(run: PackerRun): Promise<void> {
  await packer(run, ["init", "."]);
  await packer(run, ["validate", ...asArguments(run.variables), "."]);
}

/** The id of the image that was made, from Packer's manifest: `REGION:AMI`. */
export async function buildImage(run: PackerRun, manifest: string): Promise<string> {
  await packer(run, ["build", ...asArguments(run.variables), "."]);
  const { builds } = JSON.parse(existsSync(manifest) ? readFileSync(manifest, "utf8") : '{"builds":[]}') as {
    readonly builds: readonly { readonly artifact_id?: string }[];
  };
  const id = /ami-[0-9a-f]{8,17}$/.exec(builds.at(-1)?.artifact_id ?? "")?.[0];
  if (id === undefined) throw new PackerFailed(`packer has finished, but ${manifest} names no image`);
  return id;
}
