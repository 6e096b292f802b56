// The payload of a build: everything that the machine which becomes an image needs beside the network.
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Unconfigured } from "../cloud/ports/settings.ts";
import { sourceTable, tableText, type SourceRow } from "../control/operate/images/source-table.ts";
import { version as agentVersion } from "../domain/version.ts";
import type { Recipe } from "./recipe.ts";

export interface PayloadOptions {
  readonly recipe: Recipe;
  /** A name of ami/variants.json. */
  readonly variant: string;
  /** The agent's bundle, as `npm run build` makes it. */
  readonly agent: string;
  /** A folder whose files are taken instead of downloads, by their names; a `stand-ins` in it names those that only stand for something. */
  readonly downloads?: string;
}

/** Units and scripts of a machine, its host's and its forge's, in one folder: what install.sh there installs. */
export async function layUnits(folder: string): Promise<void> {
  const agent = join(import.meta.dirname, "..", "agent");
  for (const part of [join("hosts", "systemd"), join("runners", "github")])
    await cp(join(agent, part, "units"), folder, { recursive: true });
}

/** Fills the folder. Rejects with `Unconfigured` where a version or a checksum is missing: then nothing has been built. */
export async function makePayload(folder: string, options: PayloadOptions): Promise<readonly SourceRow[]> {
  const { recipe, variant, agent, downloads } = options;
  const found = recipe.variants[variant];
  if (found === undefined)
    throw new Unconfigured(`unknown variant "${variant}"; variants are ${Object.keys(recipe.variants).join(", ")}`);
  const table = sourceTable(variant, found, { ...recipe, agentVersion });
  if (!table.ok)
    throw new Unconfigured(
      [...table.problems, "run ami/propose-updates.sh, check what it proposes, and commit it"].join("\n"),
    );
  if (!existsSync(agent)) throw new Unconfigured(`${agent} is missing: run npm run build`);
  await mkdir(join(folder, "downloads"), { recursive: true });
  await writeFile(join(folder, "sources.tsv"), tableText(table.rows));
  for (const part of ["install", "spec", "units"])
    await cp(join(recipe.folder, part), join(folder, part), { recursive: true });
  await layUnits(join(folder, "agent"));
  await cp(agent, join(folder, "agent", "agent.mjs"));
  if (downloads !== undefined) {
    const wanted = new Set(["stand-ins", ...table.rows.map(({ url }) => basename(url))]);
    for (const name of await readdir(downloads))
      if (wanted.has(name)) await cp(join(downloads, name), join(folder, "downloads", name));
  }
  return table.rows;
}
