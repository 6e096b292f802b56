// What makes a runner of a stock image at its first boot, laid out for an archive: an environment's `install` names it.
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../domain/record.ts";
import { makePayload } from "./payload.ts";
import { readRecipe, type Recipe } from "./recipe.ts";

const root = join(import.meta.dirname, "..");
/** Of an image's sources those that a runner cannot do without; the machine fetches them, and checks their sums. */
const needed = ["node", "runner"];

const only = <Value>(held: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(held).filter(([name]) => needed.includes(name)));

/** One for all systems: they differ in what is fetched by their package managers. */
const recipeOf = (recipe: Recipe, variant: string, architecture: Architecture): Recipe => ({
  folder: recipe.folder,
  variants: { [variant]: { architecture, operatingSystem: "any", packages: "apt" } },
  versions: only(recipe.versions),
  sources: only(recipe.sources),
});

/** `agent`: its bundle. `downloads`: a folder whose files stand in for the network. The folder holds nothing else then. */
export async function stageStock(
  folder: string,
  architecture: Architecture,
  { agent, downloads }: { readonly agent: string; readonly downloads?: string },
): Promise<void> {
  const variant = `stock-${architecture}`;
  const recipe = recipeOf(readRecipe(join(root, "ami"), downloads), variant, architecture);
  await rm(folder, { recursive: true, force: true });
  await makePayload(folder, { recipe, variant, agent, ...(downloads === undefined ? {} : { downloads }) });
  await cp(join(recipe.folder, "stock.sh"), join(folder, "install.sh"));
}
