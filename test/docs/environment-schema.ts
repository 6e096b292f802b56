// docs/environment.schema.json as text: the shape of an environment's file for editors, with what docs/environment.md says of each field.
import { z } from "zod";
import { environmentShape } from "../../stacks/environment/environment.ts";
import { readText } from "../tidy/sources.ts";
import { allRowsOf } from "./tables.ts";

interface Schema {
  description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Links and line ends do not work in an editor's tooltip. */
const plain = (text: string): string => text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");

function describe(schema: Schema, path: string, words: ReadonlyMap<string, string>): void {
  const said = words.get(path);
  if (said !== undefined && said !== "") schema.description = said;
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    describe(inner, path === "" ? name : `${path}.${name}`, words);
}

/** JSON whose objects and lists stand on one line each where that is short enough to be read. */
function asText(value: unknown, indent = ""): string {
  const line = JSON.stringify(value) ?? "null";
  if (typeof value !== "object" || value === null || indent.length + line.length <= 140) return line;
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const deeper = `${indent}  `;
  const inner = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .map(([name, one]) => `${deeper}${Array.isArray(value) ? "" : `${JSON.stringify(name)}: `}${asText(one, deeper)}`);
  return [open, inner.join(",\n"), `${indent}${close}`].join("\n");
}

export function environmentSchemaText(): string {
  const schema = z.toJSONSchema(environmentShape, { io: "input" });
  const words = allRowsOf(readText("docs/environment.md"), "field", "default").flatMap(([names = "", , what = ""]) =>
    names.split(", ").map((name): [string, string] => [name, plain(what)]),
  );
  describe(schema as Schema, "", new Map(words));
  return `${asText({ ...schema, title: "A runpool environment", description: "What docs/environment.md describes." })}\n`;
}
