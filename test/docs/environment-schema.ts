// docs/environment.schema.json as text: the shape of an environment's file for editors, with what docs/environment.md says of each field.
import { z } from "zod";
import { environmentShape } from "../../stacks/environment/environment.ts";
import { readText } from "../tidy/sources.ts";
import { allRowsOf } from "./tables.ts";

interface Schema {
  description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Links and line ends are of no use in an editor's tooltip. */
const plain = (text: string): string => text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");

function describe(schema: Schema, path: string, words: ReadonlyMap<string, string>): void {
  const said = words.get(path);
  if (said !== undefined && said !== "") schema.description = said;
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    describe(inner, path === "" ? name : `${path}.${name}`, words);
}

export function environmentSchemaText(): string {
  const schema = z.toJSONSchema(environmentShape, { io: "input" });
  const words = allRowsOf(readText("docs/environment.md"), "field", "default").flatMap(([names = "", , what = ""]) =>
    names.split(", ").map((name): [string, string] => [name, plain(what)]),
  );
  describe(schema as Schema, "", new Map(words));
  return `${JSON.stringify({ ...schema, title: "A runpool environment", description: "What docs/environment.md describes." }, undefined, 2)}\n`;
}
