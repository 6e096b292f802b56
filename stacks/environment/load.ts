// Reads environment files, in TypeScript, YAML or JSON, wherever they lie.
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { parseDocument, stringify } from "yaml";
import { EnvironmentRefused } from "./refused.ts";
import { asTypeScript } from "./schema-1.ts";

const programs = [".ts", ".mts", ".js", ".mjs"];
const texts = [".yaml", ".yml", ".json"];

/** Whether a file may be an environment's by its name; `.d.ts` declares types alone. */
export const isEnvironmentFile = (name: string): boolean =>
  [...programs, ...texts].includes(extname(name)) && !name.endsWith(".d.ts");

const refused = (path: string, rule: string): EnvironmentRefused => new EnvironmentRefused([`${path}: ${rule}`]);

/** JSON is YAML; an editor's byte-order mark is neither. */
function parse(path: string, text: string): unknown {
  const document = parseDocument(text.replace(/^\uFEFF/, ""), { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw refused(path, `cannot be read: ${error.message.trim().replaceAll(/\s*\n\s*/g, " ")}`);
  return document.toJS();
}

/** What a file says, unchecked. Throws `EnvironmentRefused` where there is nothing to check. */
export async function loadEnvironment(path: string): Promise<unknown> {
  if (!isEnvironmentFile(path))
    throw refused(path, `has an unsupported extension: use ${[...programs.slice(0, 1), ...texts].join(", ")}`);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    const { code } = error as { readonly code?: string };
    throw refused(path, code === "ENOENT" ? "does not exist" : `cannot be read: ${String(error)}`);
  });
  if (texts.includes(extname(path))) return parse(path, text);
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    return module.default;
  } catch (error) {
    throw refused(path, `cannot be run: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A file's content in the form that its name says. */
export function writtenAs(path: string, content: Readonly<Record<string, unknown>>): string {
  if (extname(path) === ".json") return `${JSON.stringify(content, undefined, 2)}\n`;
  return texts.includes(extname(path)) ? stringify(content) : asTypeScript(content);
}
