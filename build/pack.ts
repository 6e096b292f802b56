// `npm run build:package`: the command line's package into dist/npm, or into the folder given; prints its checksum and its path.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pack, stage } from "./package.ts";

const destination = resolve(process.argv[2] ?? join(import.meta.dirname, "..", "dist", "npm"));
const staged = join(destination, "package");
await stage(staged);
const tarball = await pack(staged, destination);
const sum = createHash("sha256")
  .update(await readFile(tarball))
  .digest("hex");
console.log(`${sum}  ${relative("", tarball)}`);
