// For a bundle of one file that is loaded whole: what is imported when needed is imported at once, and of AWS's clients only what is named.
import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/**
 * In one file nothing is gained by loading late, and the bundler must then keep whole whatever may be loaded so: all 760 commands of
 * EC2's client, 400 KB that are never called.
 */
function atOnce(text: string): string {
  const heads: string[] = [];
  const rest = text.replaceAll(/\bimport\(("[^"]+")\)/g, (_, path: string) => {
    heads.push(`import * as loaded${heads.length} from ${path};`);
    return `Promise.resolve(loaded${heads.length - 1})`;
  });
  // In the first line, so that lines keep their numbers.
  return heads.join(" ") + rest;
}

/** The modules of the AWS SDK for JavaScript v3 by the names that they export; its `index.js` names all of them. */
function moduleOf(name: string): string {
  if (name.endsWith("Command")) return `commands/${name}`;
  if (name.startsWith("paginate")) return `pagination/${name.slice("paginate".length)}Paginator`;
  return name.endsWith("Client") ? name : "models/errors";
}

/** Through `index.js` the bundler would read the 1,400 further modules of the clients, only to leave them out: two thirds of its time. */
const byModule = (text: string): string =>
  text.replaceAll(
    /^(import|export) \{([^}]+)\} from "(@aws-sdk\/client-[a-z0-9-]+)";/gm,
    (_, verb: string, names: string, client: string) =>
      names
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "" && !name.startsWith("type "))
        .map((name) => `${verb} { ${name} } from "${client}/dist-es/${moduleOf(name.split(" as ")[0] ?? name)}.js";`)
        .join(" "),
  );

export const wholeBundle: Plugin = {
  name: "whole-bundle",
  setup: (bundling) => {
    bundling.onLoad({ filter: /[\\/](cloud|control|entry)[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: byModule(atOnce(await readFile(path, "utf8"))),
      loader: "ts",
    }));
    // zod's fifty languages are never used: they need not be read to be left out.
    bundling.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: "export {};" }));
  },
};
