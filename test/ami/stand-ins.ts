// A folder of downloads in place of the network: this machine's Node.js, the runner stand-in, empty packages named as AWS's agents.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { installRunnerStandIn } from "../../sim/runner/install.ts";
import { addressOf } from "../../control/operate/images/source-table.ts";
import { makePayload } from "../../build/payload.ts";
import { readRecipe } from "../../build/recipe.ts";
import { buildAgent } from "../../entry/laptop/agent-bundle.ts";
import { missing } from "../tools.ts";
import { quickPace } from "../sim/runner-bench.ts";

export const projectRoot = join(import.meta.dirname, "..", "..");
export const recipeFolder = join(projectRoot, "ami");

const architecture = process.arch === "arm64" ? "arm64" : "x64";
export const ubuntu = `ubuntu-24.04-${architecture}`;
const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

/** Why the archives cannot be made here; undefined where they can. */
export const standInsMissing = (): string | undefined => missing("dpkg-deb");

/** Makes the archives that the URLs of ami/sources.json name, and a versions.json that knows their checksums. */
export function makeDownloads(folder: string, nodeBinary: string = process.execPath): void {
  const { sources } = readRecipe(recipeFolder);
  const made: Record<string, object> = { docker: { atLeast: "20.10" } };
  const place = (name: string, version: string, make: (file: string) => void): void => {
    const file = join(folder, basename(addressOf(sources[name]?.url ?? "", version, architecture)));
    make(file);
    const sums = { x64: null, arm64: null, [architecture]: sha256(file) };
    made[name] = { version, sha256: sums };
  };
  const work = mkdtempSync(join(folder, "work-"));
  place("node", process.versions.node, (file) => {
    mkdirSync(join(work, "node", "bin"), { recursive: true });
    cpSync(nodeBinary, join(work, "node", "bin", "node"), { dereference: true });
    // Stored, not compressed: it is unpacked four times and sent nowhere.
    const archive = execFileSync("tar", ["-c", "-C", work, "node"], { maxBuffer: 2 ** 30 });
    writeFileSync(file, gzipSync(archive, { level: 0 }));
  });
  place("runner", "2.336.0", (file) => {
    const runner = join(work, "runner");
    installRunnerStandIn(runner, { node: "/usr/lib/runpool/node", pace: quickPace, version: "2.336.0" });
    execFileSync("tar", ["-czf", file, "-C", runner, "."]);
  });
  for (const name of ["cloudwatch-agent", "ssm-agent"])
    place(name, "1.0", (file) => {
      const content = join(work, name);
      mkdirSync(join(content, "DEBIAN"), { recursive: true });
      const about = [
        `Package: amazon-${name}`,
        "Version: 1.0",
        "Architecture: all",
        "Maintainer: none <none@example.org>",
      ];
      writeFileSync(
        join(content, "DEBIAN", "control"),
        `${about.join("\n")}\nDescription: empty, stands for the real one\n`,
      );
      execFileSync("dpkg-deb", ["--build", "--root-owner-group", content, file]);
    });
  writeFileSync(join(folder, "stand-ins"), "runner\ncloudwatch-agent\nssm-agent\n");
  writeFileSync(join(folder, "versions.json"), JSON.stringify(made));
}

/** The payload of a build from stand-ins; gives its folder. */
export async function makeStandInPayload(folder: string, variant: string = ubuntu): Promise<string> {
  const [downloads, payload] = [join(folder, "downloads"), join(folder, "payload")];
  mkdirSync(downloads);
  makeDownloads(downloads);
  const recipe = readRecipe(recipeFolder, downloads);
  await makePayload(payload, { recipe, variant, agent: await buildAgent(folder), downloads });
  return payload;
}
