// docs/environment.md has every field of an environment's file, with its default.
import { expect, test } from "vitest";
import { z } from "zod";
import { operationalDefaults } from "../../domain/configuration.ts";
import { environmentShape } from "../../stacks/environment.ts";
import { readText } from "../tidy/sources.ts";
import { allRowsOf } from "./tables.ts";

/** JSON Schema, as far as zod writes it for a file's shape. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
}

/** Fields with their defaults as the page writes them; a field of several kinds is one. */
function* fieldsOf(schema: Schema, path: string, required: boolean): Generator<[string, string]> {
  if (schema.properties === undefined || /^install\.\w+$/.test(path)) {
    yield [path, written(schema.default, required, path)];
    return;
  }
  for (const [name, inner] of Object.entries(schema.properties))
    yield* fieldsOf(
      inner,
      path === "" ? name : `${path}.${name}`,
      // A part that may be left out as a whole has nothing that is required.
      (schema.required ?? []).includes(name) && !optionalParts.has(path),
    );
}
const optionalParts = new Set(["proxy", "deployFrom", "imagesFrom"]);

function written(value: unknown, required: boolean, path: string): string {
  if (required) return "required";
  const [part, name = ""] = path.split(".");
  const meant = part === "limits" ? operationalDefaults[name as keyof typeof operationalDefaults] : value;
  if (meant === undefined || meant === "") return "none";
  if (typeof meant !== "object") return JSON.stringify(meant).replaceAll('"', "");
  const { kind, ...rest } = meant as { readonly kind?: string };
  return kind ?? (Object.keys(rest).length === 0 ? "none" : JSON.stringify(meant));
}

test("every field of an environment's file is in the page, with its default", () => {
  const schema = z.toJSONSchema(environmentShape, { io: "input", unrepresentable: "any" }) as Schema;
  const fields = new Map(fieldsOf(schema, "", true));
  expect(fields.size).toBeGreaterThan(40);
  const shown = allRowsOf(readText("docs/environment.md"), "field", "default").flatMap(([names = "", value = ""]) =>
    names.split(", ").map((name): [string, string] => [name, value]),
  );
  expect(new Map(shown)).toEqual(fields);
  expect(shown).toHaveLength(fields.size);
});
