// Every field of an environment's file, as its schema has them.
import { z } from "zod";
import { environmentShape } from "../../stacks/environment/environment.ts";

/** JSON Schema, as far as zod writes it for a file's shape. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
}

export interface Field {
  /** Its parts joined by dots; a field of several kinds is one. */
  readonly path: string;
  readonly required: boolean;
  readonly default?: unknown;
}

const optionalParts = new Set(["proxy", "deployFrom", "imagesFrom"]);
/** Of the file itself, and not of the environment. */
const ofTheFile = new Set(["$schema", "schema"]);

function* within(schema: Schema, path: string, required: boolean): Generator<Field> {
  if (schema.properties === undefined || /^defaults\.install\.\w+$/.test(path)) {
    yield { path, required, default: schema.default };
    return;
  }
  for (const [name, inner] of Object.entries(schema.properties))
    yield* within(
      inner,
      path === "" ? name : `${path}.${name}`,
      // A part that may be left out as a whole has nothing that is required.
      (schema.required ?? []).includes(name) && !optionalParts.has(path),
    );
}

export const environmentFields = (): readonly Field[] =>
  [...within(z.toJSONSchema(environmentShape, { io: "input", unrepresentable: "any" }) as Schema, "", true)].filter(
    ({ path }) => !ofTheFile.has(path),
  );
