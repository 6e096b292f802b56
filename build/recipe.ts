// The recipe of the images as it lies in ami/: variants, versions, sources; parsed once, here.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { Unconfigured } from "../cloud/ports/settings.ts";
import type { Sources, Variant, Versions } from "../control/operate/images/source-table.ts";
import { architectures } from "../domain/record.ts";

const text = z.string().check(z.minLength(1));
const architecture = z.enum(architectures);
const packages = z.enum(["apt", "dnf"]);

const variants = z.record(text, z.looseObject({ architecture, operatingSystem: text, packages }));
const sum = z.nullable(z.string().check(z.regex(/^[0-9a-f]{64}$/, "a SHA-256 is 64 of 0-9 and a-f")));
const versions = z.record(
  text,
  z.strictObject({
    version: z.optional(z.nullable(z.string().check(z.regex(/^[\w.+~-]+$/, "no version")))),
    sha256: z.optional(z.strictObject({ x64: sum, arm64: sum })),
    atLeast: z.optional(text),
    from: z.optional(text),
  }),
);
const sources = z.record(
  text,
  z.strictObject({
    url: z.url({ protocol: /^https$/ }),
    packages: z.optional(packages),
    newest: z.strictObject({ kind: z.enum(["github", "node", "text"]), url: text, major: z.optional(z.number()) }),
    sums: z.optional(text),
  }),
);

export interface Recipe {
  /** The folder with template, scripts and spec. */
  readonly folder: string;
  readonly variants: Readonly<Record<string, Variant>>;
  readonly versions: Versions;
  readonly sources: Sources;
}

function read<Schema extends z.ZodMiniType>(path: string, schema: Schema): z.output<Schema> {
  if (!existsSync(path))
    throw new Unconfigured(`${path} is missing: run this in a checkout of runpool, or give --recipe`);
  const parsed = schema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Unconfigured(
    parsed.error.issues.map(({ path: at, message }) => `${path}: ${at.join(".")}: ${message}`).join("\n"),
  );
}

/** `local`: a folder of downloads that stands in for the network; where it has a versions.json, that one counts. */
export function readRecipe(folder: string, local?: string): Recipe {
  const own = local === undefined ? undefined : join(local, "versions.json");
  return {
    folder,
    variants: read(join(folder, "variants.json"), variants),
    versions: read(own !== undefined && existsSync(own) ? own : join(folder, "versions.json"), versions),
    sources: read(join(folder, "sources.json"), sources),
  };
}
