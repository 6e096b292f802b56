// The project's Markdown pages, read as far as the tests beside this file need it: headings, links, blocks of code.
import { files, readText } from "../tidy/sources.ts";

export interface Document {
  /** Below the project's root. */
  readonly path: string;
  readonly text: string;
}

/** What people read: decisions too, which are dated and stay as they were written. */
export const documents: readonly Document[] = files
  .filter((path) => path === "README.md" || /^(docs|examples)\/.*\.md$/.test(path))
  .map((path) => ({ path, text: readText(path) }));

export interface Block {
  /** What stands behind the fence: `yaml`, `sh`, or nothing. */
  readonly language: string;
  readonly text: string;
  /** `docs/action.md:12`, as editors link it. */
  readonly place: string;
}

const fence = /^( *)(`{3,})(\w*)\n([\s\S]*?)\n\1\2$/gm;
const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

export const blocksOf = ({ path, text }: Document): readonly Block[] =>
  [...text.matchAll(fence)].map(({ 1: indent = "", 3: language = "", 4: inner = "", index }) => ({
    language,
    text: inner.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    place: `${path}:${lineOf(text, index)}`,
  }));

/** As many lines as before, so that places stay right. */
const blank = (found: string): string => found.replaceAll(/[^\n]/g, " ");
const withoutBlocks = (text: string): string => text.replaceAll(fence, blank).replaceAll(/<!--[\s\S]*?-->/g, blank);

export interface Found {
  readonly text: string;
  readonly place: string;
}

/** What stands between single backticks in running text and tables. */
export const inlineCode = ({ path, text }: Document): readonly Found[] => {
  const prose = withoutBlocks(text);
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(({ 1: inner = "", index }) => ({
    text: inner.replaceAll(String.raw`\|`, "|"),
    place: `${path}:${lineOf(prose, index)}`,
  }));
};

/** Targets of `[…](target)`, of images too. */
export const linksOf = ({ path, text }: Document): readonly Found[] => {
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]+`/g, blank);
  return [...prose.matchAll(/\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)/g)].map(({ 1: target = "", index }) => ({
    text: target,
    place: `${path}:${lineOf(prose, index)}`,
  }));
};

/** GitHub's anchor of a heading: lower case, hyphens for blanks, nothing else but letters, digits, `_` and `-`. */
const slugOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .replaceAll(" ", "-");

/** A heading that comes again gets `-1`, `-2` …. */
export function anchorsOf({ text }: Pick<Document, "text">): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = slugOf(heading);
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}
