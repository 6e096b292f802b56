// A bundle whose late modules import its start: one chunk is all that is read at the start, and the bytes are the same wherever the source lies.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { lateChunks } from "../../entry/build/late-chunks.ts";

const sources = {
  "main.ts": `import { go } from "./start.ts"; console.log(await go());`,
  "start.ts": `import { one } from "./one.ts"; import { two } from "./two.ts"; export const go = async () =>
    one + two + (await import("./first.ts")).default + (await import("./second.ts")).named;`,
  "one.ts": `export const one = "1" + process.argv.length;`,
  "two.ts": `export const two = "2" + process.argv.length;`,
  "first.ts": `import { one } from "./one.ts"; export default "first" + one;`,
  "second.ts": `import { two } from "./two.ts"; export const named = "second" + two;`,
};

/** Bundles the sources in a folder of its own; gives the files by name. */
async function built(late: boolean): Promise<{ readonly folder: string; readonly files: Record<string, string> }> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "late-chunks-")));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(root, name), text);
  const folder = join(root, "out");
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, "main.ts")],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    logLevel: "error",
    outExtension: { ".js": ".mjs" },
    plugins: late ? [lateChunks(root, join(root, "start.ts"))] : [],
  });
  const names = readdirSync(folder);
  return { folder, files: Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")])) };
}
const readAtStart = (text: string): number => text.match(/^(import|\} from) .*"\.\//gm)?.length ?? 0;

test("the start is one chunk, and what is loaded late is what it was", async () => {
  const [plain, late] = [await built(false), await built(true)];
  expect(readAtStart(plain.files["main.mjs"] ?? "")).toBeGreaterThan(1);
  expect(readAtStart(late.files["main.mjs"] ?? "")).toBe(1);
  const said = ({ folder }: typeof late) =>
    execFileSync(process.execPath, [join(folder, "main.mjs")], { encoding: "utf8" });
  expect(said(late)).toBe("1222first12second22\n");
  expect(said(late)).toBe(said(plain));
});

test("two checkouts give the same bytes under the same names", async () => {
  expect((await built(true)).files).toEqual((await built(true)).files);
});
