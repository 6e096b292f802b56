// Links: each relative one leads somewhere, each other one is an address; and each page can be found from the index.
import { posix } from "node:path";
import { expect, test } from "vitest";
import { files, readText } from "../tidy/sources.ts";
import { anchorsOf, documents, linksOf, type Document } from "./markdown.ts";

const folders = new Set(files.flatMap((path) => path.split("/").map((_, at, parts) => parts.slice(0, at).join("/"))));
const isExternal = (target: string): boolean => /^[a-z][a-z+.-]*:|^\/\//i.test(target);

/** What a relative link of a page names, below the project's root. */
const pathOf = (from: string, target: string): string => {
  const [path = ""] = target.split("#");
  return path === "" ? from : posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, "");
};

function brokenLinks(document: Document): readonly string[] {
  return linksOf(document).flatMap(({ text: target, place }) => {
    if (isExternal(target)) return [];
    const path = pathOf(document.path, target);
    const anchor = target.split("#")[1];
    if (!files.includes(path) && !folders.has(path)) return [`${place}: ${target} leads to no file`];
    if (anchor === undefined) return [];
    const text = path === document.path ? document.text : readText(path);
    return anchorsOf({ text }).has(anchor) ? [] : [`${place}: ${path} has no heading for #${anchor}`];
  });
}

test("every relative link leads to a file, and every anchor to a heading", () => {
  expect(documents.flatMap(linksOf).length).toBeGreaterThan(50);
  expect(documents.flatMap(brokenLinks)).toEqual([]);
});

test("a link to nowhere is found out", () => {
  const text = "# A `b` & c's\n[x](#a-b--cs) [y](#a-b) [z](gone.md)\n```\n[w](gone.md)\n```\n[v](../README.md#status)";
  expect(brokenLinks({ path: "docs/status.md", text })).toEqual([
    "docs/status.md:2: docs/status.md has no heading for #a-b",
    "docs/status.md:2: gone.md leads to no file",
  ]);
});

const malformed = (target: string): boolean => {
  const url = URL.parse(target);
  return url === null || url.protocol !== "https:" || !url.hostname.includes(".") || /[.,;]$/.test(target);
};

test("every other link is a whole https address", () => {
  const external = documents.flatMap(linksOf).filter(({ text }) => isExternal(text));
  expect(external.length).toBeGreaterThan(0);
  expect(external.filter(({ text }) => malformed(text))).toEqual([]);
  for (const wrong of ["http://example.org/", "//example.org", "https://localhost/", "https://example.org/."])
    expect(malformed(wrong), wrong).toBe(true);
});

test("the index leads to every page", () => {
  const index = documents.find(({ path }) => path === "docs/README.md");
  const linked = new Set(index === undefined ? [] : linksOf(index).map(({ text }) => pathOf("docs/README.md", text)));
  const pages = documents.map(({ path }) => path).filter((path) => /^docs\/[^/]+\.md$/.test(path));
  expect(pages.filter((path) => path !== "docs/README.md" && !linked.has(path))).toEqual([]);
  expect(linked).toContain("docs/decisions");
});

test("every page of docs/ that a file of the project names is there", () => {
  const named = files
    .filter((path) => /\.(ts|ya?ml|md|hcl|sh)$/.test(path) && !path.startsWith("test/docs/"))
    .flatMap((path) => [...readText(path).matchAll(/(?<![\w/-])docs\/[\w./-]+\.md\b/g)].map(([page]) => [path, page]));
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(([, page = ""]) => !files.includes(page))).toEqual([]);
});

test("every file that the architecture's pictures and tables name is there", () => {
  const text = readText("docs/architecture.md");
  const named = [...text.matchAll(/(?<![\w/.(-])[a-z]+\/[\w/@.-]+\.(?:ts|sh|service|md)\b/g)].map(([path]) => path);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !files.includes(path) && !path.includes("NAME"))).toEqual([]);
});
