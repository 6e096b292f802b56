// The stacks are a rename of imports away from CDKTF's kept fork (docs/decisions/0007): the rename as it is written there, on all of them.
import { execFile, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import dev from "../../environments/dev.ts";
import example from "../../environments/example.ts";
import prod from "../../environments/prod.ts";
import { synthesized } from "./synthesized.ts";

const root = join(import.meta.dirname, "..", "..");

/** A copy of what synthesis needs, renamed by the very command of the decision. */
function renamed(): string {
  const folder = mkdtempSync(join(tmpdir(), "runpool-fork-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const part of ["stacks", "environments", "domain", "userdata", "build", "package.json"])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  const page = readFileSync(join(root, "docs", "decisions", "0007-cdktf-and-its-kept-fork.md"), "utf8");
  const command = page.split("\n").find((line) => line.startsWith("    sed -i ")) ?? "false";
  const { status, stderr } = spawnSync("bash", ["-c", command], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return folder;
}

test("after the rename no import of CDKTF is left, and each of the fork's is by a path that it has too", () => {
  const folder = join(renamed(), "stacks");
  const before = join(root, "stacks");
  const named = (at: string, tool: RegExp): readonly string[] =>
    readdirSync(at, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((file) =>
        [...readFileSync(join(at, file), "utf8").matchAll(/(?:from|import\() ?"([^"]+)"/g)]
          .map(([, target = ""]) => target)
          .filter((target) => tool.test(target)),
      );
  expect(named(folder, /cdktf/)).toEqual([]);
  const fork = named(folder, /cdktn/);
  expect(fork).toHaveLength(named(before, /cdktf/).length);
  expect(fork.length).toBeGreaterThan(40);
  for (const target of fork) expect(target).toMatch(/^(cdktn|@cdktn\/provider-aws\/lib\/[a-z0-9-]+\/index\.js)$/);
});

/** A node_modules with cdktn and @cdktn/provider-aws: none of this project's, which has CDKTF's own. */
const modules = process.env["RUNPOOL_CDKTN_MODULES"];

/** What the tools write of themselves: their version, how they spell the provider's source, and outputs that are not there. */
const essential = (_: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { "//": _said, terraform, ...rest } = value as Record<string, unknown>;
  const sourced = JSON.stringify(terraform ?? {}).replaceAll('"hashicorp/aws"', '"aws"');
  return terraform === undefined ? rest : { ...rest, terraform: JSON.parse(sourced) as unknown };
};

test("all stacks of all environments come out the same by the fork", async (context) => {
  if (modules === undefined || !existsSync(join(modules, "cdktn")))
    return context.skip("no cdktn here; name a node_modules that has it by RUNPOOL_CDKTN_MODULES");
  const folder = renamed();
  symlinkSync(modules, join(folder, "node_modules"));
  const files = { dev, example, prod };
  const script = [
    'import { synthesize } from "./stacks/synth.ts";',
    'import { noCode } from "./stacks/constructs/lambda-bundle.ts";',
    `synthesize(${JSON.stringify(files)}, "out", noCode);`,
  ].join("\n");
  writeFileSync(join(folder, "synthesize.ts"), script);
  await promisify(execFile)(process.execPath, ["synthesize.ts"], { cwd: folder });
  const own = synthesized(dev, example, prod);
  expect(readdirSync(join(folder, "out", "stacks")).toSorted()).toEqual(Object.keys(own).toSorted());
  for (const [name, stack] of Object.entries(own)) {
    const text = readFileSync(join(folder, "out", "stacks", name, "cdk.tf.json"), "utf8");
    expect(JSON.parse(text, essential), name).toEqual(JSON.parse(JSON.stringify(stack), essential));
  }
});
