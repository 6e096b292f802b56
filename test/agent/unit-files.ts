// Units and scripts of the agent's machine, wherever they lie: its host's and its forge's. install.sh lays them into one folder.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
export const unitFolders = ["agent/hosts/systemd/units", "agent/runners/github/units"].map((one) => join(root, one));
export const unitFile = (name: string): string => {
  const found = unitFolders.map((folder) => join(folder, name)).find(existsSync);
  if (found === undefined) throw new Error(`no unit or script ${name}`);
  return found;
};
