// `npm run build`: every executable into dist/, or into the directory given.
import { join, relative } from "node:path";
import { bundle, executables } from "./build/bundles.ts";

const directory = process.argv[2] ?? join(import.meta.dirname, "..", "dist");
for (const executable of executables()) {
  const { name, entry, entryBytes } = await bundle(executable, directory);
  console.log(`${name.padEnd(16)} ${relative("", entry).padEnd(32)} ${Math.round(entryBytes / 1000)} KB`);
}
