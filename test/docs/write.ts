// `npm run docs`: writes the generated pages.
import { writeFileSync } from "node:fs";
import { pages, root } from "./pages.ts";

for (const { path, text } of pages) {
  writeFileSync(new URL(path, root), text());
  console.log(`written: ${path}`);
}
