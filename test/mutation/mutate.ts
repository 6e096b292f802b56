// `npm run mutate`: one-line mistakes, made one by one; which of them the tests see.
import { availableParallelism } from "node:os";
import { longest } from "../longest-first.ts";
import { makeCopy, type Copy } from "./copies.ts";
import { help, parseOptions, type MutateOptions } from "./mutate-options.ts";
import type { Mutation } from "./mutation.ts";
import { mutations } from "./mutations/all.ts";
import { testsThatReach } from "./reach.ts";

/** Of those that are decided. */
const leastKilled = 0.95;

interface Result {
  readonly mutation: Mutation;
  /** `undecided`: its test does not run on this machine (no root, no docker), and no other saw it. */
  readonly kind: "killed" | "survived" | "undecided";
  readonly by: string;
  readonly seconds: number;
}

function understood(): MutateOptions {
  try {
    return parseOptions(process.argv.slice(2), availableParallelism());
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return process.exit(2);
  }
}

const options = understood();
if (options.help) {
  console.log(help);
  process.exit(0);
}

const chosen = mutations.filter((mutation) =>
  [mutation.file, mutation.test, mutation.meets].some((text) => text.includes(options.only)),
);
if (chosen.length === 0) {
  console.error(`--only is "${options.only}"; no mutation's file, test or words hold it`);
  process.exit(2);
}

const first = (said: string): string => /FAIL\s+(?:\S+\s+)?(test\/.*)/.exec(said)?.[1]?.trim() ?? "";

/** Its own test first, most often the only one that is needed; then the nearest of the others that do not take half a minute each. */
async function tried(copy: Copy, mutation: Mutation): Promise<Omit<Result, "seconds">> {
  const others = testsThatReach(mutation.file).filter((test) => test !== mutation.test && !longest.includes(test));
  return await copy.with(mutation, async () => {
    const own = await copy.test([mutation.test]);
    if (own.kind === "failed") return { mutation, kind: "killed", by: first(own.said) };
    if (own.kind === "hung") return { mutation, kind: "killed", by: `${mutation.test}, which did not end` };
    const nearest = others.slice(0, options.widest - 1);
    const rest = nearest.length === 0 ? own : await copy.test(nearest);
    if (rest.kind === "failed") return { mutation, kind: "killed", by: `another: ${first(rest.said)}` };
    return { mutation, kind: own.kind === "nothing" ? "undecided" : "survived", by: "" };
  });
}

function print({ mutation, kind, by, seconds }: Result, done: number): void {
  if (options.json) return console.log(JSON.stringify({ ...mutation, kind, by, seconds }));
  const reason = kind === "survived" ? (mutation.survives ?? "NO REASON GIVEN") : by;
  console.log(`${String(done).padStart(3)}/${chosen.length} ${kind.padEnd(9)} ${mutation.file}: ${mutation.meets}`);
  console.log(`${" ".repeat(18)}${reason} (${seconds} s)`);
}

const copies: Copy[] = [];
// However it ends: no copy is left, nor tests that run in one.
process.once("exit", () => {
  for (const copy of copies) copy.remove();
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.once(signal, () => process.exit(code));
for (let number = 0; number < Math.min(options.workers, chosen.length); number++) copies.push(makeCopy(number));

const results: Result[] = [];
/** Tests that fail without a mistake: they prove nothing of one. */
const unsound: string[] = [];
const waiting = [...Map.groupBy(chosen, ({ test }) => test)];
await Promise.all(
  copies.map(async (copy) => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const [test, rows] = group;
      const sound = await copy.test([test]);
      if (sound.kind === "failed" || sound.kind === "hung") {
        console.error(`${sound.said}\n${test} fails without a mistake: its ${rows.length} rows are left out`);
        unsound.push(test);
        continue;
      }
      for (const mutation of rows) {
        const began = performance.now();
        const result = await tried(copy, mutation);
        results.push({ ...result, seconds: Math.round((performance.now() - began) / 1000) });
        print(results.at(-1) as Result, results.length);
      }
    }
  }),
);

const count = (kind: Result["kind"]): number => results.filter((result) => result.kind === kind).length;
const [killed, survived] = [count("killed"), count("survived")];
const unexplained = results.filter(({ kind, mutation }) => kind === "survived" && mutation.survives === undefined);
const stale = results.filter(({ kind, mutation }) => kind === "killed" && mutation.survives !== undefined);
if (!options.json) {
  for (const { mutation } of unexplained) console.log(`survived without a reason: ${mutation.file}: ${mutation.find}`);
  for (const { mutation } of stale) console.log(`killed, though a reason is given: ${mutation.file}: ${mutation.find}`);
  for (const test of unsound) console.log(`fails without a mistake: ${test}`);
  console.log(`${killed} killed, ${survived} survived, ${count("undecided")} undecided`);
}
// A part of the list has no share to speak of: there each survivor counts.
const enough = options.only !== "" || killed >= leastKilled * (killed + survived);
process.exitCode = enough && unexplained.length === 0 && unsound.length === 0 ? 0 : 1;
