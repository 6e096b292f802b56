// The project's own files, and its TypeScript parsed, for the rules beside this file.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAst } from "vitest/node";

/** What is made, fetched or kept by other programs, by folder name. */
const foreign = new Set(["node_modules", ".git", "dist", "cdktf.out", ".runpool", "coverage", ".terraform"]);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every file below the project's root, with `/` between its folders. */
function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(`${root}${folder}`, { withFileTypes: true })) {
    if (foreign.has(entry.name)) continue;
    if (entry.isDirectory()) yield* walk(`${folder}${entry.name}/`);
    else if (entry.isFile()) yield `${folder}${entry.name}`;
  }
}

export interface Source {
  /** Below the project's root: `domain/instance.ts`. */
  readonly path: string;
  readonly text: string;
}

/** A node of the syntax tree (ESTree, as vite's parser makes it). */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export const files: readonly string[] = [...walk("")].toSorted();
export const readText = (path: string): string => readFileSync(`${root}${path}`, "utf8");
export const sources: readonly Source[] = files
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readText(path) }));

export const isNode = (found: unknown): found is Node =>
  typeof found === "object" && found !== null && typeof (found as { type?: unknown }).type === "string";

const parsed = new Map<string, Node>();
export function treeOf({ text }: Pick<Source, "text">): Node {
  const tree = parsed.get(text) ?? (parseAst(text, { lang: "ts" }) as unknown as Node);
  parsed.set(text, tree);
  return tree;
}

/** Every node below `node`, itself first, each with the node above it. */
export function* nodes(node: Node, above?: Node): Generator<[Node, Node | undefined]> {
  yield [node, above];
  for (const part of Object.values(node))
    for (const one of Array.isArray(part) ? part : [part]) if (isNode(one)) yield* nodes(one, node);
}

/** `file:line`, as editors and terminals link it. */
export const place = ({ path, text }: Source, node: Node): string =>
  `${path}:${text.slice(0, node.start).split("\n").length}`;

/** The file's first path parts, longest first: `cloud/aws/x.ts` lies in `cloud/aws/`, `cloud/`. */
export const liesIn = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => (folder.endsWith("/") ? path.startsWith(folder) : path === folder));
