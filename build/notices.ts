// The licences of everything that a bundle holds besides the project's own code: most of them ask to be given along.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");

interface Held {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Below the project's root. */
  readonly folder: string;
}

/** The folder of the package that a file belongs to; undefined for the project's own. */
function packageFolder(path: string): string | undefined {
  const at = path.lastIndexOf("node_modules/");
  if (at < 0) return undefined;
  const rest = path.slice(at + "node_modules/".length).split("/");
  return path.slice(0, at) + ["node_modules", ...rest.slice(0, path[at + 13] === "@" ? 2 : 1)].join("/");
}

function held(folder: string): Held {
  const found = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Partial<Held> & {
    /** As packages of old say it. */
    readonly licenses?: readonly { readonly type: string }[];
  };
  const license = found.license ?? found.licenses?.map(({ type }) => type).join(" AND ");
  if (license === undefined) throw new Error(`${folder} names no licence: it cannot be given along`);
  return { name: found.name ?? folder, version: found.version ?? "", license, folder };
}

/** Some packages name their licence in package.json alone. */
const wordsOf = ({ folder, license }: Held): string => {
  const files = readdirSync(join(root, folder)).filter((name) => /^(licen[cs]e|notice)(\.|$|-)/i.test(name));
  if (files.length === 0) return `Licensed under ${license}.`;
  return files
    .sort()
    .map((file) =>
      readFileSync(join(root, folder, file), "utf8")
        .replaceAll("\r\n", "\n")
        .trim(),
    )
    .join("\n\n");
};

/** Of the packages that these entry files reach; the same text for the same installation. */
export async function notices(entries: readonly string[]): Promise<string> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entries],
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    outdir: "unwritten",
    logLevel: "error",
  });
  const folders = new Set(Object.keys(metafile.inputs).flatMap((path) => packageFolder(path) ?? []));
  const packages = [...folders].map(held).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  // Once for all that say the same: the SDK's packages do.
  const byWords = Map.groupBy(packages, wordsOf);
  const parts = [...byWords].map(([words, same]) =>
    [...same.map(({ name, version, license }) => `${name} ${version} (${license})`), "", words].join("\n"),
  );
  return `${["runpool's bundles hold code of others, under these licences.", ...parts].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
