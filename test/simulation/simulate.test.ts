// `npm run simulate` as a person calls it: what it may be told, and that a failing seed's one command plays that failure again.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { firstCaught } from "./sabotage.ts";
import type { Edit } from "../mutation/edit.ts";
import { sabotages } from "./sabotages.ts";
import { replayOf } from "./simulate-options.ts";

const program = fileURLToPath(new URL("simulate.ts", import.meta.url));

function simulate(words: readonly string[], imported: readonly string[] = []) {
  const given = [...imported.flatMap((url) => ["--import", url]), program, ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, given, { encoding: "utf8", maxBuffer: 2 ** 28 });
  return { code: status, out: stdout, err: stderr };
}

test.each([
  [["--seeds", "abc"], '--seeds is "abc"; it is a whole number from 1 to 999999999'],
  [["--seeds", "0"], '--seeds is "0"; it is a whole number from 1'],
  [["--seeds", "1.5"], '--seeds is "1.5"; it is a whole number from 1'],
  [["--from", "first"], '--from is "first"; it is a whole number from 0'],
  [["--seeds", "3", "--trace"], '--seeds is "3"; with --trace it is 1'],
  [["--sedes", "3"], "--sedes"],
  [["100"], "'100'"],
])("%j is an error that says what is right, and nothing is played", (words, message) => {
  const { code, out, err } = simulate(words);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
  expect(err).toContain("Usage: npm run simulate");
  expect(err).not.toMatch(/^ +at /m);
});

test("--help is no mistake", () => {
  expect(simulate(["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("--seeds N"), err: "" });
});

test("as many worlds as were asked for are played, from the seed that was named", () => {
  const { code, out } = simulate(["--", "--seeds", "2", "--from", "7"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^2 seeds, 0 failed; /m);
});

/** A module that makes the edit in the product's source as it is loaded. */
const editing = ({ file, find, replace }: Edit): string => {
  const [ending, from, to] = [`/${file}`, find, replace].map((text) => JSON.stringify(text));
  const text = `import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith(${ending})) return loaded;
      return { ...loaded, source: String(loaded.source).split(${from}).join(${to}) };
    } });`;
  return `data:text/javascript,${encodeURIComponent(text)}`;
};

/** Bounded by its seeds, and each of them by its events. */
const unlimited = 0;

test("a failing seed prints the one command that plays the same failure again", { timeout: unlimited }, async () => {
  const sabotage = sabotages.find(({ edits, rates = {} }) => edits.length === 1 && Object.keys(rates).length === 0);
  if (sabotage === undefined) throw new Error("no sabotage of one edit under drawn faults");
  const caught = await firstCaught(sabotage);
  const command = `npm run ${replayOf(caught?.seed ?? 0)}`;
  const words = command.split(" ").slice(4);
  const edits = sabotage.edits.map(editing);
  const { code, out } = simulate(words, edits);
  expect(code).toBe(1);
  expect(out).toContain(`\nseed ${caught?.seed} FAILED\n`);
  expect(out).toContain(`\n  replay: ${command}\n`);
  for (const { rule, detail } of caught?.violations ?? []) expect(out).toContain(` ${rule}: ${detail}\n`);
  expect(out).toMatch(/^1 seeds, 1 failed; /m);
  expect(simulate(words).code, "without the sabotage").toBe(0);
});
