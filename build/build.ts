// `npm run build`: every executable into dist/, or into the directory given, with the licences of what is in them.
import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { bundle, executables, type Executable } from "./bundles.ts";
import { notices } from "./notices.ts";
import { stageStock } from "./stock-archive.ts";
import { architectures } from "../domain/record.ts";

const directory = process.argv[2] ?? join(import.meta.dirname, "..", "dist");
for (const executable of executables()) {
  const { name, entry, entryBytes } = await bundle(executable, directory);
  console.log(`${name.padEnd(16)} ${relative("", entry).padEnd(32)} ${Math.round(entryBytes / 1000)} KB`);
  if (name === "agent")
    for (const architecture of architectures)
      await stageStock(join(directory, "stock", architecture), architecture, { agent: entry });
}

const entriesOf = ({ source, also = [] }: Executable): readonly string[] => [source, ...also];
const all = executables();
await writeFile(join(directory, "THIRD-PARTY-NOTICES"), await notices(all.flatMap(entriesOf)));
// The action is given away by itself too: its commit holds this folder.
const action = all.filter(({ name }) => name === "action");
await writeFile(join(directory, "action", "THIRD-PARTY-NOTICES"), await notices(action.flatMap(entriesOf)));
