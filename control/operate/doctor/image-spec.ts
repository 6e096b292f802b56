// What the image's own spec says on the running machine, line by line, as checks of the doctor. Pure.
import type { SpecSaid } from "../../../cloud/ports/doctor.ts";
import { fail, ok, skipped, type Check } from "./check.ts";

const remedy =
  "bake the image again (runpool ami bake), or mend what is named: docs/ami.md says what an image must contain";

/** `ok       WORDS`, `MISSING  WORDS: WHY`, `STAND-IN WORDS`, `SKIPPED  WORDS: WHY` (ami/spec/check.sh). */
function checkOf(line: string): readonly Check[] {
  const [, word, words = ""] = /^(ok|MISSING|STAND-IN|SKIPPED) +(.*)$/.exec(line) ?? [];
  if (word === undefined) return [];
  const name = "image";
  if (word === "ok") return [ok(name, words)];
  return word === "MISSING" ? [fail(name, `missing: ${words}`, remedy)] : [skipped(name, words)];
}

/** Every finding is a check; a spec that ends before it has counted them is one that failed. */
export function judgeImageSpec(said: SpecSaid): readonly Check[] {
  if (said.kind === "none")
    return [skipped("image", "the machine has no spec of its image: it was not baked by runpool")];
  const { code, lines } = said;
  const last = lines.at(-1) ?? "it said nothing";
  if (code === 64) return [skipped("image", `${last}: sudo runpool doctor --as-instance`)];
  const checks = lines.flatMap(checkOf);
  const counted = /^\d+ checked, \d+ missing/.test(last) && code <= 1;
  const missing = checks.some(({ verdict }) => verdict === "fail");
  if (counted && missing === (code === 1)) return checks;
  return [...checks, fail("image", `its spec did not come to its end (code ${code}): ${last}`, remedy)];
}
