// A bundle whose late modules import its start: one chunk is all that is read at the start, and the bytes are the same wherever the source lies.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { lateChunks, type Stages } from "../../build/late-chunks.ts";

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
async function built(
  stages?: Partial<Stages>,
): Promise<{ readonly folder: string; readonly files: Record<string, string> }> {
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
    plugins: stages === undefined ? [] : [lateChunks(root, { start: "start.ts", ...stages })],
  });
  const names = readdirSync(folder);
  return { folder, files: Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")])) };
}
const readAtStart = (text: string): number => text.match(/^(import|\} from) .*"\.\//gm)?.length ?? 0;

test("the start is one chunk, and what is loaded late is what it was", async () => {
  const [plain, late] = [await built(), await built({})];
  expect(readAtStart(plain.files["main.mjs"] ?? "")).toBeGreaterThan(1);
  expect(readAtStart(late.files["main.mjs"] ?? "")).toBe(1);
  const said = ({ folder }: typeof late) =>
    execFileSync(process.execPath, [join(folder, "main.mjs")], { encoding: "utf8" });
  expect(said(late)).toBe("1222first12second22\n");
  expect(said(late)).toBe(said(plain));
});

test("two checkouts give the same bytes under the same names", async () => {
  expect((await built({})).files).toEqual((await built({})).files);
});

const loaded = ({ files }: Awaited<ReturnType<typeof built>>, names: readonly string[]): readonly string[] =>
  Object.keys(files).filter((file) => names.some((name) => file.startsWith(name)));

test("what is needed one right after the other is one chunk", async () => {
  const together = ["first.ts", "second.ts"];
  expect(loaded(await built({}), ["first", "second"])).toHaveLength(2);
  const one = await built({ together });
  expect(loaded(one, ["first", "second"])).toEqual([]);
  expect(loaded(one, ["together"])).toHaveLength(1);
});

test("what comes after the base shares nothing with it but the whole of it", async () => {
  const readBy = ({ files }: Awaited<ReturnType<typeof built>>, name: string): string =>
    Object.entries(files).find(([file]) => file.startsWith(name))?.[1] ?? "";
  const base = "first.ts";
  // `first` has "first" + ... in it: an import of its chunk loads it.
  const chunkOfBase = (bundled: Awaited<ReturnType<typeof built>>): string =>
    Object.entries(bundled.files).find(([, text]) => text.includes('"first"'))?.[0] ?? "";
  const after = await built({ base });
  expect(readBy(after, "second")).toContain(chunkOfBase(after));
  expect(readBy(await built({}), "second")).not.toContain("first");
});
