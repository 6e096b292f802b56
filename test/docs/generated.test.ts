// The generated pages say what the code says now.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pages, root } from "./pages.ts";

test.each(pages)("$path is as generated: `npm run docs` writes it", ({ path, text }) => {
  expect(readFileSync(new URL(path, root), "utf8")).toBe(text());
});
