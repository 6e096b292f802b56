// What examples/images/bake.yml calls: each of its `run:` lines is played with npm as a listener, and what it was told is given to the command line's own parser.
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { readArguments } from "../../entry/cli/arguments.ts";
import { BadInput } from "../../entry/words/bad-input.ts";
import { commands } from "../../entry/cli/commands.ts";
import type { Context } from "../../entry/cli/context.ts";

const root = join(import.meta.dirname, "..", "..");
const readText = (path: string): string => readFileSync(join(root, path), "utf8");

type Variables = Readonly<Record<string, string>>;
interface Step {
  readonly run?: string;
  readonly env?: Variables;
}
interface Job {
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly steps: readonly Step[];
}
const { env, jobs } = parse(readText("examples/images/bake.yml")) as {
  readonly env: Variables;
  readonly jobs: Readonly<Record<string, Job>>;
};
const { scripts } = JSON.parse(readText("package.json")) as { readonly scripts: Variables };
const variants = Object.keys(JSON.parse(readText("ami/variants.json")) as object);

/** What GitHub puts in; an expression that is not known here is an error that names it. */
const filled = (text: string, leg: Variables): string =>
  text.replaceAll(/\$\{\{ *([^ ]+) *\}\}/g, (_, expression: string) => {
    const value: string | undefined = {
      "github.token": "a-token",
      "steps.bake.outputs.image": "ami-0123456789abcdef0",
      "matrix.variant": leg["variant"],
    }[expression];
    if (value === undefined)
      throw new Error(`the example has an expression that this test does not know: ${expression}`);
    return value;
  });

/** Each call of npm in a script: its words. Everything else that the script calls does nothing. */
function callsOf(run: string, variables: Variables): readonly (readonly string[])[] {
  const folder = mkdtempSync(join(tmpdir(), "example-calls-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const silent = ["jq", "git", "gh", "tee"].map((name) => `${name}() { :; }`).join("\n");
  const listening = `npm() { printf '%s\\0' "$@" >>calls; printf '\\n' >>calls; }\n${silent}\n: >calls\n${run}`;
  const { status, stderr } = spawnSync("bash", ["-e", "-o", "pipefail", "-c", listening], {
    cwd: folder,
    env: { PATH: process.env["PATH"], GITHUB_OUTPUT: "/dev/null", ...variables },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  const lines = readFileSync(join(folder, "calls"), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => line.split("\0").slice(0, -1));
}

class Understood extends Error {}
/** Any use of it means that the arguments were understood. */
const context = new Proxy({} as Context, {
  get: () => {
    throw new Understood();
  },
});

/** Rejects with Understood, or with what is wrong in the words. */
async function understand(words: readonly string[], variables: Variables): Promise<void> {
  const { command, given } = readArguments(words, variables, commands);
  await command?.run(given, context);
}
const runpool = ["run", "-s", "runpool", "--"];

const legs = Object.entries(jobs).flatMap(([job, { strategy, steps }]) =>
  (strategy?.matrix["variant"] ?? [""]).flatMap((variant) =>
    steps.flatMap(({ run, env: own = {} }) =>
      run === undefined || !/^\s*npm /m.test(run) ? [] : [{ job, variant, run, own, line: run.trim().split("\n")[0] }],
    ),
  ),
);

test.each(legs)("$job $variant: $line", async ({ run, own, variant }) => {
  const variables = Object.fromEntries(
    Object.entries({ ...env, ...own }).map(([name, value]) => [name, filled(value, { variant })]),
  );
  const calls = callsOf(run, variables);
  expect(calls).not.toEqual([]);
  for (const words of calls) {
    if (words.join(" ") === "ci --ignore-scripts") continue;
    const [verb, script = ""] = words.filter((word) => !word.startsWith("-"));
    expect([verb, Object.keys(scripts)]).toEqual(["run", expect.arrayContaining([script])]);
    if (script !== "runpool") continue;
    expect(words.slice(0, runpool.length)).toEqual(runpool);
    // Where the environment is, the workflow's own variables say.
    const place = ["--environment", "--region"].map((flag) => words.includes(flag));
    expect([place, variables["RUNPOOL_ENVIRONMENT"], variables["AWS_REGION"]]).toEqual([
      [false, false],
      expect.stringMatching(/^[a-z]/),
      expect.stringMatching(/^[a-z]/),
    ]);
    await expect(understand(words.slice(runpool.length), variables)).rejects.toThrow(Understood);
  }
});

test("the example bakes, tests, publishes, prunes and ages, and its variants are the recipe's", () => {
  const said = legs.map(({ run }) => /runpool -- ami (\w+)/.exec(run)?.[1]).filter((step) => step !== undefined);
  expect(new Set(said)).toEqual(new Set(["bake", "test", "publish", "prune", "age"]));
  expect(variants).toEqual(expect.arrayContaining(legs.map(({ variant }) => variant).filter((name) => name !== "")));
});

test("a line that the command line would refuse is found out", async () => {
  for (const words of [["ami", "prune", "--keep", "none"], ["ami", "publish"], ["ami", "age", "--evcit"], ["amy"]])
    await expect(understand(words, env)).rejects.toThrow(BadInput);
});

test("the script that proposes newer versions may be run, and the command line understands its call", async () => {
  const path = "ami/propose-updates.sh";
  expect(JSON.stringify(jobs["ask"])).toContain(path);
  accessSync(join(root, path), constants.X_OK);
  const call = /^exec npm run -s runpool -- (.*) "\$@"$/m.exec(readText(path))?.[1] ?? "";
  await expect(understand(call.split(" "), {})).rejects.toThrow(Understood);
});
